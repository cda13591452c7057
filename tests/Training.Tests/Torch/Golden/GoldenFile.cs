using System.Text.Json;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Golden;

/// <summary>
/// Figures that the reference implementations computed: rows 0 to B−1 are chosen, B to 2B−1 rejected, logits[t] predicts
/// input_ids[t + 1]. The environment variable ITERATIVE_DPO_GOLDEN names another file of the same form.
/// </summary>
internal sealed class GoldenFile : IDisposable
{
    private readonly JsonDocument _document;

    private GoldenFile(JsonDocument document) => _document = document;

    public int Pairs => Root.GetProperty("batch_pairs").GetInt32();

    public JsonElement Root => _document.RootElement;

    /// <summary>
    /// The project's copy, or the file that the environment names; or one made by <see cref="GeneratedGolden"/> with other shapes.
    /// </summary>
    public static GoldenFile Open(bool generated) => new(JsonDocument.Parse(generated ? GeneratedGolden.Json : File.ReadAllText(
        Environment.GetEnvironmentVariable("ITERATIVE_DPO_GOLDEN") is { Length: > 0 } path
            ? path : Path.Combine(AppContext.BaseDirectory, "golden", "preference_losses.json"))));

    /// <summary>The rows' completion tokens in order, [M], as places in the flattened positions.</summary>
    public (int[] Positions, int[] Targets, int[] Rows) CompletionTokens()
    {
        var (positions, targets, rows) = (new List<int>(), new List<int>(), new List<int>());
        var ids = Root.GetProperty("input_ids");
        var mask = Root.GetProperty("completion_mask");
        var length = Root.GetProperty("sequence_length").GetInt32();
        for (var row = 0; row < 2 * Pairs; row++)
        {
            for (var t = 1; t < length; t++)
            {
                if (mask[row][t].GetDouble() != 0)
                {
                    positions.Add(row * length + t - 1);
                    targets.Add(ids[row][t].GetInt32());
                    rows.Add(row);
                }
            }
        }
        return ([.. positions], [.. targets], [.. rows]);
    }

    /// <summary>Logits of every position, [2B × T, V].</summary>
    public Tensor Logits(string name) => tensor(Floats(Root.GetProperty(name))).view(-1, Root.GetProperty("vocab").GetInt32());

    public static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetSingle())];

    public void Dispose() => _document.Dispose();
}
