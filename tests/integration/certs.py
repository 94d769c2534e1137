"""certs.py - a small PKI made with openssl, for the TLS door.

    pki = Pki(directory)
    pki.ca("ca"); pki.leaf("client", ca="ca", days=(-2, -1))
"""
import datetime
import os
import subprocess


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def stamp(days):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return moment.strftime("%Y%m%d%H%M%SZ")


class Pki:
    def __init__(self, directory):
        self.dir = directory
        os.makedirs(directory, exist_ok=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def cert(self, name):
        return self.path(name + ".pem")

    def key(self, name):
        return self.path(name + ".key")

    def make_key(self, name):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", self.key(name))

    def ca(self, name):
        self.make_key(name)
        openssl("req", "-x509", "-new", "-key", self.key(name), "-subj", f"/CN={name}",
                "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE",
                "-out", self.cert(name))

    def leaf(self, name, ca, days=(-1, 30), san="IP:127.0.0.1"):
        """A certificate valid between the two moments, in days from now."""
        self.make_key(name)
        home = self.path(f"{ca}-{name}")
        os.makedirs(home)
        with open(os.path.join(home, "index"), "w", encoding="ascii"):
            pass
        config = os.path.join(home, "ca.cnf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""[ca]
default_ca = this
[this]
database = {home}/index
new_certs_dir = {home}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
subjectAltName = {san}
""")
        openssl("req", "-new", "-key", self.key(name), "-subj", f"/CN={name}",
                "-out", os.path.join(home, "request"))
        openssl("ca", "-batch", "-notext", "-config", config,
                "-cert", self.cert(ca), "-keyfile", self.key(ca),
                "-in", os.path.join(home, "request"), "-out", self.cert(name),
                "-startdate", stamp(days[0]), "-enddate", stamp(days[1]))
