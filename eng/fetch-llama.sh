#!/usr/bin/env bash
# Brings llama.cpp b8390, the C ABI of LLamaSharp 0.27.0, out of an npm package into .engines/llama.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/eng/common.sh"
package=@node-llama-cpp/linux-x64
version=3.18.1
sha256=0b662aabf9794140ff71d2c34970662ac30f95cacaaa98e03b9967d21ea816d0
target="$engines_dir/llama"
[[ "$(cat "$target/version" 2>/dev/null)" == "$version" ]] && exit 0
[[ "$(uname -sm)" == "Linux x86_64" ]] || die "the llama.cpp stand-in is for x86-64 Linux; this is $(uname -sm)"
command -v npm >/dev/null || apt_install npm

say "fetching llama.cpp ($package $version)"
mkdir -p "$engines_dir"
scratch=$(mktemp -d "$engines_dir/llama.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
(cd "$scratch" && npm pack --silent "$package@$version" > /dev/null) || die "npm could not fetch $package@$version"
echo "$sha256  $(ls "$scratch"/*.tgz)" | sha256sum -c --quiet || die "$package@$version is not the file it should be (SHA-256 differs)"
tar -xzf "$scratch"/*.tgz -C "$scratch"
mkdir "$scratch/llama"
cp "$scratch"/package/bins/linux-x64/*.so "$scratch/llama/"
echo "$version" > "$scratch/llama/version"
rm -rf "$target"
mv "$scratch/llama" "$target"
