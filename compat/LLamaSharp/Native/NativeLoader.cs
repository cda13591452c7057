using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LLama.Exceptions;

namespace LLama.Native;

/// <summary>Finds llama.cpp b8390, loads it with its CPU back-ends, and refuses a build with another ABI.</summary>
internal static unsafe class NativeLoader
{
    public const string Llama = "llama";

    private const string EnginesVariable = "ITERATIVE_DPO_ENGINES";
    private const string Remedy = "Run ./dpo doctor to see what is wrong with the engines.";

    private static readonly object Gate = new();
    private static nint s_llama;

    public static bool Loaded => s_llama != 0;

    public static void Load()
    {
        lock (Gate)
        {
            if (Loaded)
            {
                return;
            }
            var folder = FindFolder();
            _ = Open(folder, "libggml-base.so");
            var ggml = Open(folder, "libggml.b8390.so");
            s_llama = Open(folder, "libllama.b8390.so");
            NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, (name, _, _) => name == Llama ? s_llama : 0);

            NativeLogConfig.Attach();
            LoadBackends(ggml, folder);
            NativeMethods.llama_backend_init();
            CheckAbi();
        }
    }

    private static string FindFolder()
    {
        if (Environment.GetEnvironmentVariable(EnginesVariable) is { Length: > 0 } engines)
        {
            return Path.Combine(engines, "llama");
        }
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, ".engines", "llama");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }
        throw new RuntimeError($"llama.cpp is missing: no .engines/llama above {AppContext.BaseDirectory}. {Remedy}");
    }

    private static nint Open(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e)
        {
            throw new RuntimeError($"llama.cpp cannot be loaded from {path}: {e.Message} {Remedy}");
        }
    }

    private static void LoadBackends(nint ggml, string folder)
    {
        var load = (delegate* unmanaged[Cdecl]<byte*, void>)NativeLibrary.GetExport(ggml, "ggml_backend_load_all_from_path");
        var path = Marshal.StringToCoTaskMemUTF8(folder);
        load((byte*)path);
        Marshal.FreeCoTaskMem(path);
    }

    /// <summary>A library with other structs would read garbage: sizes and known defaults tell in time.</summary>
    private static void CheckAbi()
    {
        var model = NativeMethods.llama_model_default_params();
        var context = NativeMethods.llama_context_default_params();
        var sizes = (Unsafe.SizeOf<NativeModelParams>(), Unsafe.SizeOf<NativeContextParams>(), Unsafe.SizeOf<NativeBatch>());
        var asExpected = sizes == (72, 136, 56)
            && model is { n_gpu_layers: -1, split_mode: 1, main_gpu: 0, vocab_only: 0, use_mmap: 1, use_mlock: 0, check_tensors: 0, no_alloc: 0 }
            && context is { n_ctx: 512, n_batch: 2048, n_ubatch: 512, n_seq_max: 1, flash_attn_type: -1, type_k: 1, type_v: 1 }
            && context is { embeddings: 0, offload_kqv: 1, op_offload: 1, swa_full: 1, kv_unified: 0, samplers: 0, n_samplers: 0 };
        if (!asExpected)
        {
            throw new RuntimeError($"The llama.cpp found is not b8390: its default parameters differ. {Remedy}");
        }
    }
}
