#!/bin/sh
# The library as somebody else uses it: installs it from the build directory $1, builds the example in
# $2 against it with find_package and with pkg-config, and runs it through an outage.
set -eu
build=$1 example=$2
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

cmake --install "$build/wal" --prefix "$temp/prefix" > "$temp/install.log"
cmake -S "$example" -B "$temp/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$temp/prefix" > "$temp/configure.log"
cmake --build "$temp/build" > "$temp/build.log" || { cat "$temp/build.log"; exit 1; }

run="$temp/build/outage_buffer"
"$run" "$temp/log"
"$run" "$temp/log"
"$run" "$temp/log" deliver > "$temp/first"
"$run" "$temp/log" deliver > "$temp/second"
"$run" "$temp/log"
"$run" "$temp/log" deliver > "$temp/third"
printf '21.5 C\n21.7 C\n22.0 C\n' > "$temp/three"
cat "$temp/three" "$temp/three" | cmp - "$temp/first"
cmp /dev/null "$temp/second"
cmp "$temp/three" "$temp/third"

PKG_CONFIG_PATH=$(dirname "$(find "$temp/prefix" -name rebuf.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046  # flags are words
c++ -std=c++20 "$example/outage_buffer.cc" $(pkg-config --cflags --libs rebuf) -o "$temp/outage_buffer"
"$temp/outage_buffer" "$temp/log"
