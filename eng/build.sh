# shellcheck shell=bash
# How ./dpo and eng/test.sh find the SDK and build; source it with $root set. Standard output is the command's: all is said on standard error.
# Exit codes: 2 when this machine or its set-up is at fault, 1 when the code is. Either way the next start begins again.
host="${root:?}/src/Host/bin/Release/net10.0/dpo.dll"
built="$root/bin/built"
log="$root/bin/build.log"
device=${DPO_DEVICE:-cpu}
cache=${NUGET_PACKAGES:-${HOME:-}/.nuget/packages}
source "$root/eng/explain.sh"
# What goes wrong is told from the tools' English messages.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_UI_LANGUAGE=en

say() { printf 'dpo: %s\n' "$*" >&2; }

# refuse MESSAGE: this machine or its set-up cannot do it; nothing was changed.
refuse() {
  say "$1"
  exit 2
}

find_sdk() {
  local system libc home_sdk
  [[ "$device" == cpu || "$device" == cuda ]] || refuse "DPO_DEVICE is '$device'; it can be cpu or cuda"
  [[ -n "${HOME:-}" ]] || refuse "HOME is not set, and the .NET SDK keeps its files there; set it to a folder that can be written"
  system="$(uname -s) $(uname -m)"
  [[ "$system" == "Linux x86_64" ]] || refuse "the engines' native libraries are for x86-64 Linux; this is $system"
  libc=$(getconf GNU_LIBC_VERSION 2> /dev/null) || true
  [[ "$libc" == glibc* ]] || refuse "the engines' native libraries need glibc, and this system has another C library (musl?); use Debian, Ubuntu, Fedora or the like"
  printf '%s\n' 2.34 "${libc#glibc }" | sort -CV || refuse "the engines' native libraries need glibc 2.34, and this system has $libc; use Debian 12, Ubuntu 22.04 or later"
  [[ "$(getconf LONG_BIT)" == 64 ]] || refuse "the engines' native libraries are 64-bit; this system's programs are $(getconf LONG_BIT)-bit"
  home_sdk=${DOTNET_ROOT:-$HOME/.dotnet}
  if ! command -v dotnet > /dev/null; then
    [[ -x "$home_sdk/dotnet" ]] || refuse "the .NET SDK 10 is needed, and 'dotnet' is neither on the PATH nor in $home_sdk; install the package dotnet-sdk-10.0, or the SDK in $home_sdk"
    export PATH="$home_sdk:$PATH"
  fi
}

# Builds the host in Release, unless it is newer than everything it is built from.
build_if_changed() {
  local began
  is_built && return
  lock
  if ! is_built; then
    began=$(date +%s.%N)
    restore "$root/src/Host/Host.csproj"
    build "$root/src/Host/Host.csproj"
    echo "$device" > "$built.new"
    touch -d "@$began" "$built.new"
    mv -f "$built.new" "$built"
  fi
  unlock
}

is_built() {
  [[ -f "$host" && "$(cat "$built" 2> /dev/null)" == "$device" && -z "$(find "$root"/src "$root"/eng "$root"/hocon "$root"/models "$root"/bench \
    "$root"/Directory.* "$root/global.json" \( -name bin -o -name obj \) -prune -o -type f -newer "$built" -print -quit)" ]]
}

# Two commands started at once build one after the other. Descriptor 9 is the lock's.
lock() {
  writable "$root/bin" || refuse "cannot write in $root/bin, where the build goes: give this user the folder, or copy it to one that can be written"
  trap 'exit 130' INT
  exec 9> "$root/bin/lock"
  flock -n 9 || { say "waiting for the build of another command" && flock 9; }
}

unlock() { exec 9>&-; }

# quietly COMMAND: into the log, and without the lock: compiler servers that stay behind would keep it.
quietly() { "$@" > "$log" 2>&1 9>&-; }

# restore PROJECT [ARGUMENT...]: brings the packages.
restore() {
  local sdk
  sdk=$(cd "$root" && dotnet --version 2> /dev/null) || refuse "the .NET SDK 10 is needed (global.json), and $(command -v dotnet) has: $(sdks); install the package dotnet-sdk-10.0, or put a folder with the SDK first on the PATH"
  # Its last file to come is the marker.
  if [[ "$device" == cpu ]] && ! compgen -G "$cache/libtorch-cpu-linux-x64/*/.nupkg.metadata" > /dev/null; then
    say "fetching the packages (.NET SDK $sdk; about 200 MB, once)"
    writable "$cache" || refuse "cannot write in the package cache $cache; NUGET_PACKAGES can name another folder"
    need_space 1200 "$cache" "the packages" "NUGET_PACKAGES can name a folder on another disk"
  fi
  [[ -d "$root/bin/natives/$device" ]] || need_space 700 "$root" "the build" "copy it to another disk"
  quietly dotnet restore "$@" -v q --nologo || explain "fetching the packages failed" 2
}

# build PROJECT: what was restored, in Release; warnings are errors.
build() {
  say "building (Release)"
  quietly dotnet build "$1" --no-restore -c Release -v q --nologo || explain "the build failed" 1
}

writable() { mkdir -p "$1" 2> /dev/null && [[ -w "$1" ]]; }

sdks() { dotnet --list-sdks 2> /dev/null | awk '{ all = all sep $1; sep = ", " } END { print all == "" ? "none" : all }'; }

# need_space MEGABYTES FOLDER WHAT WAY_OUT
need_space() {
  local free
  free=$(df -Pk "$2" 2> /dev/null | awk 'NR == 2 { print int($4 / 1024) }') || true
  [[ "${free:-$1}" -ge "$1" ]] || refuse "$3 may take $1 MB in $2, and $free MB are free there: make room, or $4"
}

# Settings of the engines that a process must have when it starts: how threads wait, how memory is kept.
set_engine_environment() {
  # OpenMP's threads wait for each other in a busy loop by default: with ggml's threads or another process on the cores a training
  # step then takes ten times as long. The trainer alone may use the cores to the full, and so may its peer.
  if [[ "${1:-}" != train && "$*" != "bench trainer"* && "$*" != "bench scaling"* ]]; then
    export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-2000}"
  fi
  # Tensors come and go by the megabyte: keep what is freed instead of asking the kernel for zeroed pages again, in one heap, in large pages.
  export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-1073741824}" MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-33554432}"
  export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}" GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"
}
