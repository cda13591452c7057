# Shared by ./dpo and eng/*.sh; source it with $root set. Progress goes to standard error: standard output is the command's.
engines_dir="$root/.engines"
engines_props="$root/engines.props"
host_dll="$root/src/Host/bin/Release/net10.0/dpo.dll"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

say() { printf 'dpo: %s\n' "$*" >&2; }

die() {
  say "$1"
  exit "${2:-1}"
}

# The engines are chosen and in place: decided once, again only when eng/ or the pinned versions change.
ensure_engines() {
  local stamp="$engines_dir/ready"
  if [[ -f "$stamp" && -f "$engines_props" && -z "$(find "$root/eng" "$root/Directory.Packages.props" "$root/compat/TorchSharp/native" -newer "$stamp" -print -quit 2>/dev/null)" &&
        "$(cat "$stamp")" == "${DPO_DEVICE:-cpu}" ]]; then
    return
  fi
  bash "$root/eng/setup.sh" || exit $?
}

# The host is built in Release and newer than everything it is built from.
ensure_built() {
  if [[ -f "$host_dll" && -z "$(find "$root"/src "$root"/compat "$root"/hocon "$root"/Directory.* "$engines_props" \
        \( -name bin -o -name obj -o -name native \) -prune -o -type f -newer "$host_dll" -print -quit 2>/dev/null)" ]]; then
    return
  fi
  say "building (Release)"
  local log="$engines_dir/build.log"
  if ! dotnet build "$root/src/Host/Host.csproj" -c Release -v q --nologo > "$log" 2>&1; then
    grep -E 'error' "$log" | sort -u | head -20 >&2 || tail -20 "$log" >&2
    die "the build failed; the whole log is in $log"
  fi
  touch "$host_dll"
}

# Settings of the engines for this process: which products LibTorch runs on, how its threads wait, how memory is kept.
export_engine_environment() {
  if grep -q '<TorchEngine>standin' "$engines_props"; then
    # Debian's LibTorch takes its products from OpenBLAS: the OpenMP build, and on processors that this does not know by name, the right kernels.
    local blas
    blas=$(compgen -G '/usr/lib/*/openblas-openmp' | head -1 || true)
    if [[ -n "$blas" ]]; then
      export LD_LIBRARY_PATH="$blas${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    fi
    if [[ -z "${OPENBLAS_CORETYPE:-}" ]] && grep -qm1 avx512f /proc/cpuinfo; then
      export OPENBLAS_CORETYPE=SKYLAKEX
    fi
  fi
  # OpenMP's threads wait for each other in a busy loop by default: with ggml's threads or another process on the cores a training
  # step then takes ten times as long. The trainer alone may use the cores to the full, and so may its peer.
  if [[ "${1:-}" != train && "$*" != "bench trainer"* && "$*" != "bench scaling"* ]]; then
    export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-2000}"
  fi
  # Tensors come and go by the megabyte: keep what is freed instead of asking the kernel for zeroed pages again, in one heap, in large pages.
  export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-1073741824}" MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-33554432}"
  export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}" GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"
}

# Runs a package manager as root, directly or through sudo.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root for: $*  - run it as root, then start again"
  fi
}

# apt_install PACKAGE...: installs those that are missing.
apt_install() {
  local missing=() package
  for package in "$@"; do
    [[ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" == "install ok installed" ]] || missing+=("$package")
  done
  [[ ${#missing[@]} == 0 ]] && return
  command -v apt-get >/dev/null || die "these Debian packages are needed and there is no apt-get here: ${missing[*]}"
  say "installing ${missing[*]}"
  mkdir -p "$engines_dir"
  local log="$engines_dir/apt.log"
  as_root apt-get update -qq > "$log" 2>&1 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >> "$log" 2>&1 ||
    die "apt-get install ${missing[*]} failed; its log is in $log"
}

# The peer of the trainer benchmark is eager PyTorch as the distribution ships it.
ensure_peer() {
  apt_install python3-torch libopenblas0-openmp
}
