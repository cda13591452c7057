using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Tests;

public sealed class LoraTargetsTests
{
    [Theory]
    [InlineData("attn_q", "blk.0.attn_q blk.1.attn_q")]
    [InlineData("blk.1.attn_q", "blk.1.attn_q")]
    [InlineData(
        "attn_*",
        "blk.0.attn_q blk.0.attn_k blk.0.attn_v blk.0.attn_output blk.1.attn_q blk.1.attn_k blk.1.attn_v blk.1.attn_output")]
    [InlineData("blk.[1-9].ffn_*", "blk.1.ffn_gate blk.1.ffn_up blk.1.ffn_down")]
    [InlineData("blk.[0-0].*_output", "blk.0.attn_output")]
    [InlineData(
        "ffn_down attn_q ffn_*",
        "blk.0.attn_q blk.0.ffn_gate blk.0.ffn_up blk.0.ffn_down blk.1.attn_q blk.1.ffn_gate blk.1.ffn_up blk.1.ffn_down")]
    public void Of_gives_the_matching_maps_in_the_models_order(string patterns, string expected) =>
        Assert.Equal(expected.Split(' ').Select(map => map + ".weight"), Of(4, patterns.Split(' ')));

    [Theory]
    [InlineData("all")]
    [InlineData("*")]
    [InlineData("blk.*")]
    public void Of_everything_gives_every_map(string pattern) =>
        Assert.Equal(TinyModel.Config().ListBlockMaps().Select(tensor => tensor.Name), Of(4, pattern));

    [Theory]
    [InlineData("attn_q", "blk.0.attn_qkv blk.1.attn_qkv")]
    [InlineData("blk.1.ffn_gate", "blk.1.ffn_up")]
    [InlineData("attn_qkv", "blk.0.attn_qkv blk.1.attn_qkv")]
    [InlineData("attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down", "all")]
    public void Of_a_fused_model_takes_the_map_that_a_part_is_in(string patterns, string expected)
    {
        var config = TinyModel.Config("phi3");

        var tensors = LoraTargets.Of(new(4, 8, patterns.Split(' ')), config);

        Assert.Equal(
            expected == "all" ? config.ListBlockMaps().Select(map => map.Name) : expected.Split(' ').Select(map => map + ".weight"),
            tensors);
    }

    [Theory]
    [InlineData("attn_q", "blk.0.shortconv.in_proj blk.1.attn_q")]
    [InlineData("attn_output", "blk.0.shortconv.out_proj blk.1.attn_output")]
    [InlineData("shortconv.in_proj", "blk.0.shortconv.in_proj")]
    [InlineData("blk.0.shortconv.*", "blk.0.shortconv.in_proj blk.0.shortconv.out_proj")]
    [InlineData("blk.1.attn_v", "blk.1.attn_v")]
    [InlineData("attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down", "all")]
    public void Of_a_model_that_convolves_takes_what_stands_in_attention_s_place(string patterns, string expected)
    {
        var config = TinyModel.Config("lfm2") with { Convolution = new(3, Attending: [1]) };

        var tensors = LoraTargets.Of(new(4, 8, patterns.Split(' ')), config);

        Assert.Equal(
            expected == "all" ? config.ListBlockMaps().Select(map => map.Name) : expected.Split(' ').Select(map => map + ".weight"),
            tensors);
    }

    [Theory]
    [InlineData("attn_v", "blk.0.attn_qkv blk.1.attn_v")]
    [InlineData("attn_qkv", "blk.0.attn_qkv")]
    [InlineData("attn_output", "blk.0.ssm_out blk.1.attn_output")]
    [InlineData("attn_gate ssm_*", "blk.0.attn_gate blk.0.ssm_beta blk.0.ssm_alpha blk.0.ssm_out")]
    public void Of_a_model_with_delta_rules_takes_what_stands_in_attention_s_place(string patterns, string expected)
    {
        var config = TinyModel.Families["qwen35"];

        var tensors = LoraTargets.Of(new(4, 8, patterns.Split(' ')), config);

        Assert.Equal(expected.Split(' ').Select(map => map + ".weight"), tensors);
    }

    [Fact]
    public void Of_a_range_takes_numbers_and_not_digits()
    {
        var config = TinyModel.Config() with { Layers = 12 };

        var tensors = LoraTargets.Of(new(4, 8, ["blk.[2-11].attn_q"]), config);

        Assert.Equal(Enumerable.Range(2, 10).Select(layer => $"blk.{layer}.attn_q.weight"), tensors);
    }

    [Theory]
    [InlineData("attn_z")]
    [InlineData("attn")]
    [InlineData("Attn_q")]
    [InlineData("blk.2.attn_q")]
    [InlineData("blk.[2-5].attn_q")]
    [InlineData("blk.[1-0].attn_q")]
    [InlineData("blk.[0.attn_q")]
    [InlineData("token_embd")]
    [InlineData("attn_q.weight")]
    [InlineData("(.*)")]
    public void Of_a_pattern_that_matches_nothing_lists_the_maps(string pattern)
    {
        var error = Assert.Throws<UserInputException>(() => Of(4, "attn_q", pattern));

        Assert.Equal(
            $"LoRA target '{pattern}' matches no map of the model. Its maps are attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down "
            + "in the blocks blk.0 to blk.1, as in attn_q, ffn_*, blk.[0-3].attn_v or all.",
            error.Message);
    }

    [Fact]
    public void Of_no_pattern_says_so() => Assert.Contains("no LoRA target", Assert.Throws<UserInputException>(() => Of(4)).Message);

    [Theory]
    [InlineData(0, "attn_q", 32)]
    [InlineData(33, "attn_q", 32)]
    [InlineData(17, "all", 16)]
    public void Of_a_rank_over_the_smallest_side_names_it(int rank, string pattern, int smallest) =>
        Assert.Contains($"LoRA rank {rank} is outside 1 to {smallest}", Assert.Throws<UserInputException>(() => Of(rank, pattern)).Message);

    private static IReadOnlyList<string> Of(int rank, params string[] patterns) =>
        LoraTargets.Of(new(rank, 8, patterns), TinyModel.Config());
}
