# How ./dpo and eng/test.sh find the SDK and build; source it with $root set. Standard output is the command's: all is said on standard error.
host="$root/src/Host/bin/Release/net10.0/dpo.dll"
built="$root/bin/built"
log="$root/bin/build.log"
device=${DPO_DEVICE:-cpu}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

say() { printf 'dpo: %s\n' "$*" >&2; }

# refuse MESSAGE: this machine or its set-up cannot do it; nothing was changed.
refuse() {
  say "$1"
  exit 2
}

find_sdk() {
  [[ "$device" == cpu || "$device" == cuda ]] || refuse "DPO_DEVICE is '$device'; it can be cpu or cuda"
  [[ "$(uname -s) $(uname -m)" == "Linux x86_64" ]] || refuse "the engines' native libraries are for x86-64 Linux; this is $(uname -s) $(uname -m)"
  getconf GNU_LIBC_VERSION > /dev/null 2>&1 || refuse "the engines' native libraries need glibc, and this system has another C library (musl?); use Debian, Ubuntu, Fedora or the like"
  if ! command -v dotnet > /dev/null; then
    [[ -x "${DOTNET_ROOT:-$HOME/.dotnet}/dotnet" ]] || refuse "the .NET SDK 10 is needed: 'dotnet' is neither on the PATH nor in ${DOTNET_ROOT:-$HOME/.dotnet}"
    export PATH="${DOTNET_ROOT:-$HOME/.dotnet}:$PATH"
  fi
}

# Builds the host in Release, unless it is newer than everything it is built from.
build_if_changed() {
  if [[ "$(cat "$built" 2> /dev/null)" == "$device" && -z "$(find "$root"/src "$root"/eng "$root"/hocon "$root"/models "$root"/bench "$root"/Directory.* "$root/global.json" \
        \( -name bin -o -name obj \) -prune -o -type f -newer "$built" -print -quit)" ]]; then
    return
  fi
  # Two commands started at once build one after the other.
  mkdir -p "$root/bin" 2> /dev/null || refuse "cannot write in $root"
  exec 9> "$root/bin/lock"
  flock 9
  local began
  began=$(date +%s.%N)
  restore "$root/src/Host/Host.csproj" 9>&-
  say "building (Release)"
  if ! dotnet build "$root/src/Host/Host.csproj" --no-restore -c Release -v q --nologo > "$log" 2>&1 9>&-; then
    grep -oE '[^ ]*(: |)error .*' "$log" | sed 's/ \[.*//' | sort -u | head -20 >&2 || tail -20 "$log" >&2
    say "the build failed; the whole log is in $log"
    exit 1
  fi
  echo "$device" > "$built.new"
  touch -d "@$began" "$built.new"
  mv -f "$built.new" "$built"
  exec 9>&-
}

# restore PROJECT [ARGUMENT...]: brings the packages, or says in a line or two what is wrong and what to do.
restore() {
  local sdk cache free
  sdk=$(cd "$root" && dotnet --version 2> /dev/null) || refuse "the .NET SDK 10 is needed; here is: $(dotnet --list-sdks 2> /dev/null | cut -d' ' -f1 | paste -sd' ')"
  cache=${NUGET_PACKAGES:-$HOME/.nuget/packages}
  if [[ ! -d "$cache/libtorch-cpu-linux-x64" ]]; then
    say "fetching the packages (.NET SDK $sdk; about 200 MB, once)"
    mkdir -p "$cache" 2> /dev/null && [[ -w "$cache" ]] || refuse "cannot write in the package cache $cache; NUGET_PACKAGES can name another folder"
    free=$(df -Pk "$cache" | awk 'NR == 2 { print int($4 / 1024) }')
    [[ $free -ge 1200 ]] || refuse "the packages take 1,200 MB in $cache and $free MB are free there; NUGET_PACKAGES can name a folder on another disk"
  fi
  if [[ ! -d "$root/bin/natives" ]]; then
    free=$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')
    [[ $free -ge 700 ]] || refuse "the build takes 700 MB in $root and $free MB are free there"
  fi
  dotnet restore "$@" -v q --nologo > "$log" 2>&1 || explain_restore
}

# What NuGet's error comes down to: the package, the line that asks for it, and the way out.
explain_restore() {
  local error package line
  error=$(grep -oE 'error NU[0-9]+: .*' "$log" | sed 's/ \[[^]]*\]$//' | sort -u | head -1)
  package=$(grep -oE "NU110[1-3]: Unable to find (a stable )?package [^ .]+(\.[A-Za-z][^ .]*)*" <<< "$error" | sed 's/.*package //')
  case "$error" in
    *NU110[1-3]*)
      line=$(grep -niF "\"$package\"" "$root/Directory.Packages.props" | head -1 | cut -d: -f1)
      say "no registry here has the package $package as it is asked for (Directory.Packages.props, line ${line:-?})"
      if [[ "$device" == cuda ]]; then
        say "it is one of the CUDA packages: add a registry that has them (dotnet nuget add source), or use DPO_DEVICE=cpu"
      else
        say "set that line to a version that is served, then: dotnet restore IterativeDpo.sln --force-evaluate"
      fi ;;
    *NU1004*) say "Directory.Packages.props or a project and its packages.lock.json do not agree: dotnet restore IterativeDpo.sln --force-evaluate, and commit the lock files" ;;
    *NU1301*) say "no package registry answers, and set-up needs one once (later starts work offline): check the network, then start again" ;;
    *NU1403*) say "a package is not the one in packages.lock.json (another file of the same version): delete it from the package cache and start again" ;;
  esac
  [[ -n "$error" ]] && say "$error" || tail -5 "$log" >&2
  say "the whole log is in $log"
  exit 2
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
