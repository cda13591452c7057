using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>Quantises models as llama.cpp does it, with a type for each tensor: the most sensitive ones are kept finer.</summary>
public static class LlamaQuantiser
{
    /// <summary>llama.cpp's names of what a file is quantised as.</summary>
    public static readonly IReadOnlyList<string> Types =
    [
        "q8_0",
        "q6_k",
        "q5_k_m",
        "q5_k_s",
        "q5_1",
        "q5_0",
        "q4_k_m",
        "q4_k_s",
        "iq4_xs",
        "iq4_nl",
        "q4_1",
        "q4_0",
        "q3_k_m",
        "q2_k",
    ];

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="source">A GGUF in F32, F16 or BF16.</param>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <exception cref="UserInputException">llama.cpp does not quantise this model.</exception>
    /// <exception cref="StorageException">No space, no permission.</exception>
    public static void Quantise(string source, string target, string type, int threads)
    {
        LlamaLog.Silence();
        // What asks for anything else finds the library; the quantiser's own calls do not.
        NativeApi.llama_max_devices();
        var parameters = LLamaModelQuantizeParams.Default();
        (parameters.ftype, parameters.nthread) = (Enum.Parse<LLamaFtype>($"MOSTLY_{type.ToUpperInvariant()}"), threads);
        (parameters.allow_requantize, parameters.quantize_output_tensor) = (true, true);
        AtomicFile.Write(target, stream =>
        {
            // llama.cpp writes by the name; what is written there is what the stream has.
            if (NativeApi.llama_model_quantize(source, ((FileStream)stream).Name, ref parameters) != 0)
            {
                throw new UserInputException($"{source}: llama.cpp cannot quantise this model as {type}: {LlamaLog.LastError}");
            }
        });
    }
}
