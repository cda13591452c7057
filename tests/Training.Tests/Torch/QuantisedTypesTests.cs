using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using LLama.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>
/// Every type that llama.cpp's quantiser writes: decoded to the bits that llama.cpp itself decodes it to, and computed, kept as it is, as
/// llama.cpp computes those values in float32. On the quantised file itself llama.cpp rounds what it multiplies to eight bits.
/// </summary>
public sealed class QuantisedTypesTests : IDisposable
{
    private static readonly int[] s_ids = TinyModel.Ids(40, 5);
    private static readonly ModelConfig s_config = TinyModel.Config() with { Dim = 256, HeadDim = 64, RopeDim = 64, FeedForwardDim = 256 };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(LLamaFtype.MOSTLY_Q8_0, TensorType.Q8_0)]
    [InlineData(LLamaFtype.MOSTLY_Q4_0, TensorType.Q4_0)]
    [InlineData(LLamaFtype.MOSTLY_Q4_1, TensorType.Q4_1)]
    [InlineData(LLamaFtype.MOSTLY_Q5_0, TensorType.Q5_0)]
    [InlineData(LLamaFtype.MOSTLY_Q5_1, TensorType.Q5_1)]
    [InlineData(LLamaFtype.MOSTLY_Q2_K, TensorType.Q2_K)]
    [InlineData(LLamaFtype.MOSTLY_Q3_K_M, TensorType.Q3_K)]
    [InlineData(LLamaFtype.MOSTLY_Q4_K_M, TensorType.Q4_K)]
    [InlineData(LLamaFtype.MOSTLY_Q5_K_M, TensorType.Q5_K)]
    [InlineData(LLamaFtype.MOSTLY_Q6_K, TensorType.Q6_K)]
    [InlineData(LLamaFtype.MOSTLY_IQ4_NL, TensorType.IQ4_NL)]
    [InlineData(LLamaFtype.MOSTLY_IQ4_XS, TensorType.IQ4_XS)]
    // Whole models of it are mixtures of experts: here the embedding and the output.
    [InlineData(LLamaFtype.MOSTLY_Q8_0, TensorType.MXFP4)]
    public void File_of_llama_cpps_quantiser_is_computed_as_its_values(LLamaFtype type, TensorType expected)
    {
        using var gradients = no_grad();
        var (plain, path, dequantised) = (
            Path.Combine(_folder, "base.gguf"),
            Path.Combine(_folder, "q.gguf"),
            Path.Combine(_folder, "f32.gguf"));
        TinyModel.Write(plain, s_config);
        Quantise(plain, path, type, expected == TensorType.MXFP4 ? (GGMLType)expected : null);
        Quantise(path, dequantised, LLamaFtype.ALL_F32, null);

        using (var quantised = GgufFile.Open(path))
        using (var values = GgufFile.Open(dequantised))
        {
            Assert.Contains(quantised.Tensors.Values, tensor => tensor.Type == expected);
            Assert.All(
                quantised.Tensors.Values,
                tensor => Assert.Equal(values.ReadFloat32(values.Tensors[tensor.Name]), quantised.ReadFloat32(tensor)));
            Assert.Equal(
                expected is not TensorType.Q4_0,
                quantised
                    .Tensors.Values.Where(tensor => tensor.Type == expected)
                    .All(tensor => StoredMatrix.Of(quantised, new(tensor.Name, tensor.Shape[0])) is not null));
        }
        var (theirs, ours) = (LlamaCpp.Logits(dequantised, null, s_ids), TorchLogits.Compute(path, s_ids, ComputeType.Float32, 1));
        Assert.InRange(theirs.Zip(ours, (e, a) => e.Zip(a, (x, y) => Math.Abs(x - y)).Max()).Max(), 0, 1e-3f);
    }

    [Theory]
    [InlineData(TensorType.Q8_0, 34 * 8)]
    [InlineData(TensorType.Q4_K, 128 + 4 + 16)]
    [InlineData(TensorType.Q5_0, 34 * 8)]
    [InlineData(TensorType.Q2_K, 256 + 4 + 32)]
    [InlineData(TensorType.IQ4_XS, 256 + 2 + 8)]
    [InlineData(TensorType.Q4_0, null)]
    [InlineData(TensorType.MXFP4, (16 + 2) * 8)]
    public void Memory_of_256_values_is_that_of_their_parts(TensorType type, int? bytes) =>
        Assert.Equal(bytes, (int?)QuantLayout.KeptBytes(type, 256));

    private static void Quantise(string source, string target, LLamaFtype type, GGMLType? ends)
    {
        NativeApi.llama_max_devices();
        NativeLogConfig.llama_log_set((_, _) => { });
        var parameters = LLamaModelQuantizeParams.Default();
        (parameters.ftype, parameters.nthread, parameters.allow_requantize, parameters.quantize_output_tensor) = (type, 1, true, true);
        if (ends is { } other)
        {
            (parameters.token_embedding_type, parameters.output_tensor_type) = (other, other);
        }
        Assert.Equal(0u, NativeApi.llama_model_quantize(source, target, ref parameters));
    }
}
