#!/bin/sh
# package_test.sh CMAKE BUILD COMPILER EXAMPLE SANITIZERS - install the client to
# a fresh folder and use it from there as a stranger would.
set -eu
cmake=$1 build=$2 compiler=$3 example=$4 sanitizers=$5
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags=${sanitizers:+-fsanitize=$sanitizers}

"$cmake" --install "$build" --prefix "$folder/usr" --component client >/dev/null
[ -x "$folder/usr/bin/caactl" ]

# pkg-config, C
PKG_CONFIG_PATH=$(dirname "$(find "$folder" -name caa_client.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046,SC2086 # lists of options
"$compiler" -std=c99 -Wall -Wextra -Wpedantic -Werror $flags "$example" \
    $(pkg-config --cflags --libs caa_client) -o "$folder/from-pkg-config"
[ "$(pkg-config --modversion caa_client)" ]

# C++
if command -v c++ >/dev/null; then
    echo '#include <caa_client.h>
int main() { return caa_client_version() == nullptr; }' > "$folder/header.cc"
    c++ -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$folder/usr/include" \
        "$folder/header.cc"
fi

# CMake
mkdir "$folder/project"
cp "$example" "$folder/project/main.c"
cat > "$folder/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.18)
project(stranger C)
find_package(caa_client 0.1 REQUIRED)
add_executable(from-cmake main.c)
target_link_libraries(from-cmake PRIVATE caa_client::caa_client)
END
"$cmake" -S "$folder/project" -B "$folder/project/build" -DCMAKE_C_COMPILER="$compiler" \
    -DCMAKE_C_FLAGS="$flags" -DCMAKE_PREFIX_PATH="$folder/usr" >/dev/null
"$cmake" --build "$folder/project/build" >/dev/null

# The API and no more; a soname.
library=$(find "$folder" -name 'libcaa_client.so')
if nm -D --defined-only "$library" | awk '{print $3}' |
        grep -Ev '^caa_(client|check)_|^__(asan|tsan|ubsan|odr_asan)'; then
    echo "exported, but not part of the API" >&2
    exit 1
fi
readelf -d "$library" | grep -q 'SONAME.*libcaa_client\.so\.[0-9]'

# No server: a clear message, not a hang.
library_path=$(dirname "$library")
for program in "$folder/from-pkg-config" "$folder/project/build/from-cmake"; do
    status=0
    LD_LIBRARY_PATH=$library_path "$program" ipc:///nonexistent/socket \
        2> "$folder/err" || status=$?
    [ $status = 2 ]
    grep -q '^UNAVAILABLE: cannot reach ipc:///nonexistent/socket: no such file' "$folder/err"
done
