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
            Console.WriteLine($"{engine.Role,-11} {engine.Name} {engine.Version} ({engine.Source})");
            if (engine.Problem is not null)
            {
                Console.WriteLine($"{"",-11} problem: {engine.Problem}");
                Console.WriteLine($"{"",-11} remedy:  {Remedy(engine)}");
            }
        }
        Console.WriteLine($"{"processors",-11} {Environment.ProcessorCount}, {string.Join(' ', InstructionSets())}");
        Console.WriteLine($"{"runtime",-11} {RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}");
    }

    private static string Remedy(EngineInfo engine) => engine.Source == "package"
        ? "run dotnet restore again; with -p:Device=cuda the machine needs an NVIDIA driver for CUDA 12"
        : "delete the folder .engines and run any ./dpo command: it sets the engines up again";

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
