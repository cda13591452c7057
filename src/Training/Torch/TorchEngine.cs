using System.Runtime.InteropServices;
using IterativeDpo.Artifacts;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>LibTorch in this process.</summary>
public static class TorchEngine
{
    private const string SpinCount = "GOMP_SPINCOUNT";

    private static int s_started;

    /// <summary>Loads LibTorch; to be called before anything else of it is used.</summary>
    /// <param name="threads">For its operations, at least 1.</param>
    /// <exception cref="UserInputException">It cannot be loaded.</exception>
    internal static void Start(int threads)
    {
        // OpenMP reads its variables once, when LibTorch is loaded: a later look would change nothing.
        if (Interlocked.Exchange(ref s_started, 1) == 0)
        {
            ChooseWaiting(threads);
        }
        Load();
        set_num_threads(threads);
    }

    /// <summary>
    /// OpenMP's threads wait in a busy loop. Beside other busy processes they then take the cores from each other, and a step takes twice
    /// as long as on one thread; on an idle machine waiting so gains a tenth.
    /// </summary>
    private static void ChooseWaiting(int threads)
    {
        if (Environment.GetEnvironmentVariable(SpinCount) is null && BusyProcesses() + threads > Environment.ProcessorCount)
        {
            _ = SetNativeVariable(SpinCount, "100", overwrite: 0);
        }
    }

    /// <summary>Multiplies two small matrices and names the device they were on, with the instruction set of LibTorch's kernels.</summary>
    /// <exception cref="UserInputException">It cannot be loaded.</exception>
    /// <exception cref="InvalidOperationException">The product is wrong.</exception>
    public static string Probe()
    {
        Load();
        using var scope = NewDisposeScope();
        var gpu = cuda.is_available();
        var twos = full([2, 2], 2f, device: device(gpu ? DeviceType.CUDA : DeviceType.CPU));
        var product = mm(twos, twos).sum().item<float>();
        return product == 32
            ? gpu ? "CUDA" : $"CPU ({CpuCapability()} kernels)"
            : throw new InvalidOperationException($"LibTorch computed {product} where 32 is right.");
    }

    /// <summary>How many threads but this one can run now: the least of a few looks, since most run for a moment only.</summary>
    private static int BusyProcesses()
    {
        const int looks = 5;
        var least = int.MaxValue;
        for (var i = 0; i < looks && File.Exists("/proc/loadavg"); i++)
        {
            // "0.20 0.18 0.12 runnable/all last".
            least = Math.Min(least, int.Parse(File.ReadAllText("/proc/loadavg").Split(' ', '/')[3]));
            Thread.Sleep(10);
        }
        return least == int.MaxValue ? 0 : Math.Max(0, least - 1);
    }

    /// <summary>For native code: .NET's own variables are a copy.</summary>
    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi)]
    private static extern int SetNativeVariable(string name, string value, int overwrite);

    /// <summary>
    /// Loads the library that TorchSharp would. Where that fails, TorchSharp copies all of LibTorch into a folder beside the program to try
    /// once more, and puts a trace of what it did into its message.
    /// </summary>
    private static void Load()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            // The dynamic linker's own words come last.
            var reason = error.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Last();
            throw new UserInputException(
                $"{path}: LibTorch cannot be loaded: {reason}. Build again on this machine; if that does not help, ./dpo doctor says more.",
                error);
        }
    }

    /// <summary>
    /// What LibTorch chose for this processor: AVX512, AVX2 or DEFAULT. TorchSharp has no way to ask, so its C++ function is called.
    /// </summary>
    private static unsafe string CpuCapability()
    {
        var libTorch = NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "libtorch_cpu.so"));
        if (!NativeLibrary.TryGetExport(libTorch, "_ZN2at18get_cpu_capabilityB5cxx11Ev", out var function))
        {
            return "unknown";
        }
        // A std::string of libstdc++: its first field points to the characters, here in the object itself.
        var text = stackalloc nint[4];
        ((delegate* unmanaged<nint*, nint*>)function)(text);
        return Marshal.PtrToStringUTF8(text[0])!;
    }
}
