using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>The trainer on a mixture of experts.</summary>
public sealed class ExpertTrainingTests : IDisposable
{
    private static readonly ModelConfig s_config = TinyModel.Families["llama, experts"];

    private readonly TinyRun _run = new(s_config);

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Train_adds_the_aux_loss_by_its_weight_and_logs_it_and_the_load()
    {
        var metrics = TinyRun.Train(_run.Request("a", Tiny.Options with { RouterAuxLoss = 0.5f })).History[0].Metrics;

        // A fresh adapter changes nothing, so DPO's loss is ln 2; the aux loss is about k.
        Assert.Equal(Math.Log(2) + 0.5 * metrics["aux_loss"], metrics["loss"], 4);
        Assert.InRange(metrics["aux_loss"], 1.8, 4);
        Assert.InRange(metrics["experts/most_used"], 1.0 / 4, 0.5);
        Assert.InRange(metrics["experts/least_used"], 0, 1.0 / 4);
    }

    [Fact]
    public void Train_without_the_aux_loss_logs_the_load_alone()
    {
        var metrics = TinyRun.Train(_run.Request("a", Tiny.Options with { RouterAuxLoss = 0 })).History[0].Metrics;

        Assert.Equal(Math.Log(2), metrics["loss"], 5);
        Assert.DoesNotContain("aux_loss", metrics.Keys);
        Assert.Contains("experts/most_used", metrics.Keys);
    }

    [Fact]
    public void Train_router_under_a_large_aux_loss_spreads_tokens()
    {
        var options = Tiny.Options with { Lora = new(4, 8, ["ffn_gate_inp"]), RouterAuxLoss = 100, Epochs = 8 };

        var history = TinyRun.Train(_run.Request("a", options)).History;

        Assert.True(history[^1].Metrics["aux_loss"] < history[0].Metrics["aux_loss"]);
    }

    [Fact]
    public void Train_held_back_prompts_have_an_aux_loss_of_their_own()
    {
        var options = Tiny.Options with { ValidationShare = 0.3f };

        Assert.InRange(TinyRun.Train(_run.Request("a", options)).History[^1].Metrics["eval_aux_loss"], 1.8, 4);
    }

    [Fact]
    public void Train_killed_and_begun_again_leaves_the_same_adapter()
    {
        var options = Tiny.Options with { Epochs = 3, CheckpointSteps = 2, Lora = Tiny.Options.Lora! with { Dropout = 0.2f } };
        TinyRun.Train(_run.Request("whole", options));

        TinyRun.TrainAndDieAt(5, _run.Request("killed", options));
        TinyRun.Train(_run.Request("killed", options));

        Assert.Equal(File.ReadAllBytes(_run.Output("whole")), File.ReadAllBytes(_run.Output("killed")));
    }

    [Fact]
    public void Train_adapter_has_matrices_of_each_expert()
    {
        TinyRun.Train(_run.Request("a", Tiny.Options));

        var adapter = LoraAdapter.Read(_run.Output("a"), s_config, Digest.OfFile(_run.Base));
        var map = adapter.Maps.Single(map => map.Tensor == "blk.0.ffn_up_exps.weight");

        Assert.Equal(14, adapter.Maps.Count);
        Assert.Equal((4 * 4 * 32, 4 * 48 * 4), (map.A.Length, map.B.Length));
        Assert.Contains(map.B, value => value != 0);
    }
}
