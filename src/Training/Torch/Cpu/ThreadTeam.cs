using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// Runs items of work on the threads that LibTorch's own operations run on, GNU OpenMP's team: two teams would wait for the same cores, the one in
/// a busy loop for its next work. Where LibTorch has another OpenMP, the runtime's thread pool does it.
/// </summary>
internal static unsafe class ThreadTeam
{
    /// <summary>void GOMP_parallel(void (*fn)(void *), void *data, unsigned num_threads, unsigned flags): fn once on each thread.</summary>
    private static readonly delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> Start = FindStart();

    /// <summary>Each item once, on as many threads as LibTorch takes. Items must share nothing that they write.</summary>
    public static void ForEach(int items, Action<int> work)
    {
        var threads = Math.Min(get_num_threads(), items);
        if (threads <= 1)
        {
            for (var i = 0; i < items; i++)
            {
                work(i);
            }
        }
        else if (Start is null)
        {
            Parallel.For(0, items, new ParallelOptions { MaxDegreeOfParallelism = threads }, work);
        }
        else
        {
            var job = new Job(items, work);
            var handle = GCHandle.Alloc(job);
            Start(&Run, GCHandle.ToIntPtr(handle), (uint)threads, 0);
            handle.Free();
            job.Error?.Throw();
        }
    }

    [UnmanagedCallersOnly]
    private static void Run(nint job) => ((Job)GCHandle.FromIntPtr(job).Target!).Run();

    private static delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> FindStart()
    {
        using var process = Process.GetCurrentProcess();
        var modules = process.Modules.Cast<ProcessModule>().ToList();
        string? FolderOf(string library) =>
            Path.GetDirectoryName(modules.Find(module => module.ModuleName.StartsWith(library, StringComparison.Ordinal))?.FileName);
        // LibTorch's package brings an OpenMP of its own; another engine may have loaded the system's.
        var openMp = modules.Where(module => module.ModuleName.StartsWith("libgomp", StringComparison.Ordinal))
            .MaxBy(module => Path.GetDirectoryName(module.FileName) == FolderOf("libtorch_cpu"));
        return openMp is not null && NativeLibrary.TryGetExport(NativeLibrary.Load(openMp.FileName), "GOMP_parallel", out var start)
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
