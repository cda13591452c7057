#!/usr/bin/env bash
# Chooses each engine (its package where a registry has it, else the stand-in in compat/), installs what the choice
# needs, and writes the answer to engines.props. ./dpo calls it; running it again is harmless.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/eng/common.sh"
device=${DPO_DEVICE:-cpu}
case "$device" in
  cpu) torch_backend=TorchSharp-cpu llama_backend=LLamaSharp.Backend.Cpu ;;
  cuda) torch_backend=TorchSharp-cuda-linux llama_backend=LLamaSharp.Backend.Cuda12 ;;
  *) die "DPO_DEVICE is '$device'; it can be cpu or cuda" 2 ;;
esac

command -v dotnet >/dev/null || die "the .NET SDK 10 is needed and 'dotnet' is not on the PATH"
mkdir -p "$engines_dir"

# can_restore ENGINE PACKAGE...: a project with nothing but these packages restores.
can_restore() {
  local probe="$engines_dir/probe/$1" package
  shift
  rm -rf "$probe"
  mkdir -p "$probe"
  # Nothing of the repository's own build settings may reach the probe but the versions.
  echo '<Project />' > "$probe/Directory.Build.props"
  echo '<Project />' > "$probe/Directory.Build.targets"
  {
    echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework>'
    echo '<NuGetAudit>false</NuGetAudit></PropertyGroup><ItemGroup>'
    for package in "$@"; do echo "<PackageReference Include=\"$package\" />"; done
    echo '</ItemGroup></Project>'
  } > "$probe/probe.csproj"
  NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT=2 timeout 900 dotnet restore "$probe/probe.csproj" -v q > "$probe/log" 2>&1
}

# choose ENGINE PACKAGE...: prints package or standin; a registry that cannot be reached is neither.
choose() {
  if can_restore "$@"; then
    echo package
  elif grep -q 'NU1301' "$engines_dir/probe/$1/log" && ! grep -qE 'NU110[0-9]' "$engines_dir/probe/$1/log"; then
    return 1
  else
    echo standin
  fi
}

unreachable="no package registry answers, and set-up needs one once (later starts work offline); details: $engines_dir/probe/*/log"
say "looking for the engines' packages"
akka=$(choose akka Akka Akka.Remote Akka.Cluster Akka.Cluster.Tools Akka.Cluster.Sharding Akka.Persistence Akka.TestKit.Xunit2) || die "$unreachable"
torch=$(choose torch TorchSharp "$torch_backend") || die "$unreachable"
llama=$(choose llama LLamaSharp "$llama_backend") || die "$unreachable"

if [[ "$device" == cuda && ( "$torch" == standin || "$llama" == standin ) ]]; then
  die "DPO_DEVICE=cuda needs the packages TorchSharp and LLamaSharp, and no registry here has them (./dpo doctor explains); use DPO_DEVICE=cpu" 2
fi

if [[ "$torch" == standin ]]; then
  apt_install g++ libtorch-dev libopenblas0-openmp
  say "building the LibTorch binding"
  bash "$root/eng/build-torch.sh"
fi
if [[ "$llama" == standin ]]; then
  bash "$root/eng/fetch-llama.sh"
fi

cat > "$engines_props.new" <<PROPS
<Project>
  <!-- Written by ./dpo: which engine is its package and which its stand-in on this machine. -->
  <PropertyGroup>
    <AkkaEngine>$akka</AkkaEngine>
    <TorchEngine>$torch</TorchEngine>
    <LLamaEngine>$llama</LLamaEngine>
    <Device Condition="'\$(Device)' == ''">$device</Device>
  </PropertyGroup>
</Project>
PROPS
cmp -s "$engines_props.new" "$engines_props" && rm "$engines_props.new" || mv "$engines_props.new" "$engines_props"
echo "$device" > "$engines_dir/ready"
say "engines: actors = Akka.NET $akka, training = LibTorch $torch, generation = llama.cpp $llama, device = $device"
