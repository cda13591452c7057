#!/usr/bin/env bash
# Builds compat/TorchSharp/native into .engines/torch/libtorch_standin.so against the system's LibTorch.
# Does nothing if the library there was built from these very sources. Usage: eng/build-torch.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

sources=compat/TorchSharp/native
target=.engines/torch/libtorch_standin.so
flags=(-std=c++17 -O2 -fPIC -shared -fvisibility=default -Wall -Wno-unknown-pragmas -I "$sources" -I /usr/include/torch/csrc/api/include)
libraries=(-Wl,-z,defs -ltorch -ltorch_cpu -lc10)

stamp=$({ cat eng/build-torch.sh; cat "$sources"/*; dpkg-query -W libtorch-dev 2>/dev/null || true; } | sha256sum | cut -d' ' -f1)
if [[ -f $target && $(cat "$target.stamp" 2>/dev/null || true) == "$stamp" ]]; then
  exit 0
fi

for need in g++ sha256sum; do
  command -v "$need" >/dev/null || { echo "build-torch: '$need' is missing; run ./dpo doctor" >&2; exit 1; }
done
[[ -f /usr/include/ATen/ATen.h ]] || { echo "build-torch: LibTorch's headers are missing (Debian: libtorch-dev); run ./dpo doctor" >&2; exit 1; }

mkdir -p "$(dirname "$target")"
partial=$(mktemp "$target.XXXXXX")
trap 'rm -f "$partial"' EXIT
# One translation unit: LibTorch's headers take most of the time and are read once.
for file in "$sources"/*.cpp; do echo "#include \"$(basename "$file")\""; done |
  g++ "${flags[@]}" -x c++ - -x none -o "$partial" "${libraries[@]}"
chmod 755 "$partial"
mv -f "$partial" "$target"
echo "$stamp" > "$target.stamp"
