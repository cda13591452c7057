using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// Runs items of work on the threads that LibTorch's own operations run on, GNU OpenMP's team: two teams would wait for the same cores, the
/// one in a busy loop for its next work. Where its OpenMP has no such entry, the runtime's thread pool does it.
/// </summary>
internal static unsafe class ThreadTeam
{
    /// <summary>void GOMP_parallel(void (*fn)(void *), void *data, unsigned num_threads, unsigned flags): fn once on each thread.</summary>
    private static readonly delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> Start = FindStart();

    /// <summary>Each item once, on as many threads as LibTorch takes. Items must share nothing that they write.</summary>
    public static void ForEach(int items, Action<int> work) => ForEach(items, work, Start);

    /// <summary>The same in the runtime's thread pool.</summary>
    internal static void ForEachInPool(int items, Action<int> work) => ForEach(items, work, null);

    private static void ForEach(
        int items,
        Action<int> work,
        delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> start)
    {
        var (threads, job) = (get_num_threads(), new Job(items, work));
        if (threads == 1 || items <= 1)
        {
            job.Run();
        }
        else if (start is null)
        {
            Parallel.For(0, Math.Min(threads, items), _ => job.Run());
        }
        else
        {
            var handle = GCHandle.Alloc(job);
            // Always the whole team: OpenMP ends the threads that a smaller one leaves over.
            start(&Run, GCHandle.ToIntPtr(handle), (uint)threads, 0);
            handle.Free();
        }
        job.Error?.Throw();
    }

    [UnmanagedCallersOnly]
    private static void Run(nint job) => ((Job)GCHandle.FromIntPtr(job).Target!).Run();

    private static delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> FindStart()
    {
        using var process = Process.GetCurrentProcess();
        var libTorch = process
            .Modules.Cast<ProcessModule>()
            .FirstOrDefault(module => module.ModuleName.StartsWith("libtorch_cpu", StringComparison.Ordinal));
        // Asked of LibTorch, the name is found in its own OpenMP, whatever other one another engine has loaded.
        return libTorch is not null && NativeLibrary.TryGetExport(NativeLibrary.Load(libTorch.FileName), "GOMP_parallel", out var start)
            ? (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)start
            : null;
    }

    private sealed class Job(int items, Action<int> work)
    {
        private int _next;

        public ExceptionDispatchInfo? Error { get; private set; }

        public void Run()
        {
            try
            {
                for (int i; (i = Interlocked.Increment(ref _next) - 1) < items;)
                {
                    work(i);
                }
            }
            catch (Exception e)
            {
                // It must not leave through OpenMP's frames.
                Error = ExceptionDispatchInfo.Capture(e);
            }
        }
    }
}
