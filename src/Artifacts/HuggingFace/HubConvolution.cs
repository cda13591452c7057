using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>What LFM2's configurations say that the others' do not: which blocks convolve, and a width that is still to be cut.</summary>
internal static class HubConvolution
{
    private const string Types = "layer_types", Attending = "full_attn_idxs", Taps = "conv_L_cache", Attention = "full_attention";

    private const string Adjusts = "block_auto_adjust_ff_dim", Factor = "block_ffn_dim_multiplier", Unit = "block_multiple_of";

    // More than any model has: a damaged count must not fill the memory.
    private const int MostLayers = 1 << 16;

    public static ShortConvolution Read(HubJson config, int layers)
    {
        config.Require(!config.Flag("conv_bias", false), "conv_bias", "llama.cpp's convolutions have no biases");
        var length = config.Integer(Taps, 3);
        config.Require(length > 1, Taps, $"{length} is under 2: a convolution of one token is none");
        return new(length, config.Has(Types) ? ReadTypes(config, layers) : ReadList(config, layers));
    }

    /// <summary>Of the feed-forward. Unless the configuration says otherwise, two thirds of its number, in whole units.</summary>
    public static int ReadWidth(HubJson config)
    {
        var said = config.Size(config.Has("block_ff_dim") ? "block_ff_dim" : "intermediate_size");
        if (!config.Flag(Adjusts, true)) return said;
        var cut = (int)(2.0 * said / 3);
        // Without a factor transformers does not round either.
        if (config.Root.TryGetProperty(Factor, out var value) && value.ValueKind == JsonValueKind.Null) return cut;
        var (factor, unit) = (config.Number(Factor, 1), config.Size(Unit, 256));
        // The number as it is written: what is left of its product's decimals decides on which side of a unit it ends.
        var width = (int)Math.Min((config.Find(Factor)?.GetDouble() ?? 1) * cut, int.MaxValue / 2);
        config.Require(factor > 0 && width is > 0 and < int.MaxValue / 2, Factor, $"{factor} is out of range");
        config.Require(unit < int.MaxValue / 2, Unit, $"{unit} is out of range");
        return (width + unit - 1) / unit * unit;
    }

    public static void Write(JsonObject json, ModelConfig config)
    {
        json[Taps] = config.Convolution!.Taps;
        json["conv_bias"] = false;
        json[Types] = new JsonArray([
            .. Enumerable.Range(0, config.Layers).Select(layer => JsonValue.Create(config.Convolves(layer) ? "conv" : Attention)),
        ]);
        // The width as it is; llama.cpp's own conversion asks for all three.
        json[Adjusts] = false;
        json[Factor] = 1.0;
        json[Unit] = 256;
    }

    private static int[] ReadTypes(HubJson config, int layers)
    {
        var types = config.Texts(Types);
        config.Require(types.Length == layers, Types, $"it lists {types.Length} blocks, and there are {layers}");
        config.Require(types.All(type => type is Attention or "conv"), Types, $"a block is neither '{Attention}' nor 'conv'");
        int[] read = [.. types.Index().Where(block => block.Item == Attention).Select(block => block.Index)];
        config.Require(read.Length > 0, Types, "no block attends, and llama.cpp needs one");
        config.Require(!config.Has(Attending) || Agrees(config, read), Attending, $"'{Types}' has other blocks");
        return read;
    }

    /// <summary>Older configurations list the blocks that attend; without a list all do.</summary>
    private static int[] ReadList(HubJson config, int layers)
    {
        var blocks = Enumerable.Range(0, Math.Min(layers, MostLayers));
        if (!config.Has(Attending)) return [.. blocks];
        var listed = config.Numbers(Attending).ToHashSet();
        int[] read = [.. blocks.Where(block => listed.Contains(block))];
        config.Require(read.Length > 0 && Agrees(config, read), Attending, $"it does not list blocks from 0 to {layers - 1}, each once");
        return read;
    }

    private static bool Agrees(HubJson config, int[] blocks) =>
        config.Numbers(Attending).Order().SequenceEqual(blocks.Select(block => (float)block));
}
