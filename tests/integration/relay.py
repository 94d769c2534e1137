"""relay.py - stands between the daemon and a resolver, passes UDP on, and keeps
every answer as it came."""
import select
import socket
import threading


class Relay:
    """with Relay("127.0.0.1:5353") as relay: ... relay.address, relay.answers"""

    def __init__(self, target):
        host, _, port = target.rpartition(":")
        self.target = (host, int(port))
        self.answers = set()

    def __enter__(self):
        self.inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inside.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.inside.getsockname()[1]
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.inside.close()

    def run(self):
        """One socket a client's socket, so that answers find back."""
        outside = {}
        while not self.ended.is_set():
            ready, _, _ = select.select([self.inside, *outside], [], [], 0.1)
            for waiting in ready:
                octets, peer = waiting.recvfrom(65535)
                if waiting is self.inside:
                    upstream = self.upstream(outside, peer)
                    upstream.sendto(octets, self.target)
                else:
                    self.answers.add(octets)
                    self.inside.sendto(octets, outside[waiting])
        for waiting in outside:
            waiting.close()

    @staticmethod
    def upstream(outside, peer):
        for waiting, client in outside.items():
            if client == peer:
                return waiting
        waiting = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        outside[waiting] = peer
        return waiting
