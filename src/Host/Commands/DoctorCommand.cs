using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo doctor</c>: which engines this build runs on, what the machine has, and what is wrong with a remedy.</summary>
public static class DoctorCommand
{
    public static Command Create()
    {
        var command = new ExampleCommand(
            "doctor",
            "Show engines, versions, devices, threads and instruction sets, and what is wrong with a remedy.",
            "./dpo doctor",
            "./dpo doctor --json");
        var json = CommonOptions.Json();
        command.Options.Add(json);
        command.SetAction(parsed => Run(parsed.GetValue(json)));
        return command;
    }

    private static int Run(bool json)
    {
        var engines = EngineInfo.Probed();
        if (json)
        {
            CommonOptions.PrintJson(new
            {
                engines,
                device = EngineInfo.Device,
                processors = Environment.ProcessorCount,
                instruction_sets = InstructionSets(),
                runtime = RuntimeInformation.FrameworkDescription,
                system = RuntimeInformation.OSDescription,
            });
        }
        else
        {
            Print(engines);
        }
        return engines.All(engine => engine.Problem is null) ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Print(IReadOnlyList<EngineInfo> engines)
    {
        foreach (var engine in engines)
        {
            Console.WriteLine($"{engine.Role,-11} {engine.Package} {engine.Version}");
            if (engine.Library is { } library)
            {
                Console.WriteLine($"{"",-11} {library}");
            }
            if (engine.Problem is not null)
            {
                Console.WriteLine($"{"",-11} problem: {engine.Problem}");
                Console.WriteLine(
                    $"{"",-11} remedy:  delete the folder bin beside ./dpo and start again; if that does not help, the package from the package cache too");
            }
        }
        Console.WriteLine($"{"processors",-11} {Environment.ProcessorCount}, {string.Join(' ', InstructionSets())}");
        Console.WriteLine(
            $"{"device",-11} {EngineInfo.Device}; DPO_DEVICE=cuda takes the CUDA packages, which are unproven: the registry that this was built with does not serve them");
        Console.WriteLine($"{"runtime",-11} {RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}");
    }

    /// <summary>Which packages this was built with.</summary>

    private static IReadOnlyList<string> InstructionSets()
    {
        (string Name, bool Present)[] sets =
        [
            ("sse4.2", Sse42.IsSupported),
            ("avx2", Avx2.IsSupported),
            ("fma", Fma.IsSupported),
            ("avx512f", Avx512F.IsSupported),
            ("avx512bw", Avx512BW.IsSupported),
        ];
        return [.. sets.Where(set => set.Present).Select(set => set.Name)];
    }
}
