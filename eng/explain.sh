# shellcheck shell=bash disable=SC2154
# What an error of NuGet or the build comes down to; a part of eng/build.sh, which sets $root, $cache, $log and $device.

evaluate="dotnet restore IterativeDpo.sln --force-evaluate"

# explain WHAT_FAILED EXIT_CODE: prints the errors in the log, then what is wrong, where, and the way out. The exit code is the one given
# for an error that is not known here, and 2 for the rest.
explain() {
  local errors code=2
  # NuGet says the same of every project; MSB3073 only repeats that a tool failed.
  errors=$(grep -E '(: | )error ' "$log" | grep -v MSB3073 | sed -E 's/^.*proj : error /error /; s/ \[[^][]*proj\]$//' | awk '!seen[$0]++' | head -20) || true
  printf '%s\n' "${errors:-$(tail -5 "$log")}" >&2
  case "$errors" in
    *NU1301*) say "a package registry does not answer, and set-up needs it once (later starts work offline): check the network and 'dotnet nuget list source', then start again" ;;
    *NU110[1-3]*) explain_package "$errors" ;;
    *NU1004*) say "Directory.Packages.props or a project and its packages.lock.json do not agree: $evaluate, and commit the lock files" ;;
    *NU1403*) say "a package is not the one in packages.lock.json: delete $(changed_package "$errors") and start again;" \
      "if it stays so, the registry serves another file, and $evaluate takes that" ;;
    *"No space left"*) say "the disk is full (packages: $cache, build: $root): make room and start again" ;;
    *"is denied"* | *"Read-only file system"*) say "a file cannot be written (packages: $cache, build: $root): give this user the folder, or let NUGET_PACKAGES name another one, and start again" ;;
    *"End of Central Directory"*) say "a package came cut short from its registry or a proxy: start again" ;;
    *DPO000*) ;; # eng/Natives says it all
    *"$cache"/*) say "a package in the cache is damaged: delete $(damaged_package "$errors") and start again" ;;
    *) code=$2 ;;
  esac
  say "$1; the whole log is in $log"
  exit "$code"
}

# No registry has such a package or version: which line asks for it. Where that line's version is a property, $(Name), the property's line.
explain_package() {
  local package line props="$root/Directory.Packages.props"
  package=$(sed -nE '/Unable to find/ { s/.*Unable to find (a stable )?package ([^ ]+).*/\2/; s/\.$//; p; q }' <<< "$1")
  line=$(grep -niF "\"$package\"" "$props" | head -1) || true
  if [[ "$line" =~ \$\(([^\)]+)\) ]]; then
    line=$(grep -nF "<${BASH_REMATCH[1]}>" "$props" | head -1) || true
  fi
  if [[ "$device" == cuda ]]; then
    say "no registry here has $package: add one that has the CUDA packages (dotnet nuget add source), or use DPO_DEVICE=cpu"
  elif [[ -n "$line" ]]; then
    say "no registry here has $package as line ${line%%:*} of $props asks for it: set that line to a version that is served, then: $evaluate"
  else
    say "no registry here has $package as another package asks for it: add a line to $props with a version that is served, then: $evaluate"
  fi
}

# The folder of the package that NU1403 names, as Name.1.2.3.
changed_package() {
  local name
  name=$(sed -nE '/validation failed for/ { s/.*validation failed for ([^ ]+)\. .*/\1/; s/\.([0-9]+\.[0-9])/\/\1/; p; q }' <<< "${1,,}")
  echo "$cache/$name"
}

# The folder (package and version) of the first file in the cache that an error names.
damaged_package() { awk -v cache="$cache/" 'at = index($0, cache) { split(substr($0, at + length(cache)), part, "/"); print cache part[1] "/" part[2]; exit }' <<< "$1"; }
