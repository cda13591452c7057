using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class TorchTrainerTests : IDisposable
{
    private static readonly ModelConfig Config = TinyModel.Config();

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public TorchTrainerTests() => TinyModel.Write(Base, Config);

    private string Base => Path.Combine(_folder, "base.gguf");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task TrainAsync_prefers_the_chosen_completions_more_and_more()
    {
        var result = await new TorchTrainer().TrainAsync(Request("a", Tiny.Options with { Epochs = 8 }), null, default);

        Assert.Equal(24, result.Steps);
        Assert.Equal(Math.Log(2), result.History[0].Metrics["loss"], 5);
        Assert.True(result.History[^1].Metrics["loss"] < 0.5);
        Assert.Equal(1, result.History[^1].Metrics["rewards/accuracies"]);
    }

    [Fact]
    public async Task TrainAsync_fresh_adapter_has_the_shape_and_manifest_asked_for()
    {
        var request = Request("a", Tiny.Options);

        await new TorchTrainer().TrainAsync(request, null, default);

        var adapter = LoraAdapter.Read(request.OutputPath, Config, Digest.OfFile(Base));
        Assert.Equal(4, adapter.Rank);
        Assert.Equal(request.Manifest, adapter.Manifest);
        Assert.Equal(14, adapter.Maps.Count);
        Assert.All(adapter.Maps, map => Assert.Contains(map.B, value => value != 0));
    }

    [Fact]
    public async Task TrainAsync_without_thoughts_of_a_model_that_does_not_think_is_refused()
    {
        var error = await Assert.ThrowsAsync<UserInputException>(() =>
            new TorchTrainer().TrainAsync(Request("a", Tiny.Options with { LearnThoughts = false }), null, default));

        Assert.Contains($"training.learn-thoughts = off: {Base} has no token for the end of thoughts", error.Message);
    }

    [Fact]
    public async Task TrainAsync_full_weights_writes_a_whole_model()
    {
        var request = Request("a", Tiny.Options with { Lora = null, LearningRate = 1e-3f, Epochs = 4 });

        var result = await new TorchTrainer().TrainAsync(request, null, default);

        using var file = GgufFile.Open(request.OutputPath);
        Assert.Equal(Config, ModelConfig.Read(file));
        Assert.True(result.History[^1].Metrics["loss"] < result.History[0].Metrics["loss"] - 0.1);
    }

    [Fact]
    public async Task TrainAsync_continued_adapter_starts_where_it_ended()
    {
        var first = Request("first", Tiny.Options with { Epochs = 4 });
        await new TorchTrainer().TrainAsync(first, null, default);
        var second = Request("second", Tiny.Options) with { InitialAdapterPath = first.OutputPath };

        var against = await new TorchTrainer().TrainAsync(second, null, default);
        var same = await new TorchTrainer().TrainAsync(second with { ReferenceAdapterPath = first.OutputPath }, null, default);

        Assert.True(against.History[0].Metrics["rewards/margins"] > 0.1);
        Assert.Equal(0, same.History[0].Metrics["rewards/margins"], 5);
    }

    [Fact]
    public async Task TrainAsync_rsLora_trains_as_the_alpha_that_gives_its_scale()
    {
        var lora = Tiny.Options.Lora!;
        var stabilised = Request("a", Tiny.Options with { Lora = lora with { Alpha = 6, UseRslora = true } });
        var plain = Request("b", Tiny.Options with { Lora = lora with { Alpha = 12 } });
        await new TorchTrainer().TrainAsync(stabilised, null, default);
        await new TorchTrainer().TrainAsync(plain, null, default);

        Assert.Equal(12, LoraAdapter.Read(stabilised.OutputPath, Config, Digest.OfFile(Base)).Alpha);
        Assert.Equal(Digest.OfFile(plain.OutputPath), Digest.OfFile(stabilised.OutputPath));
    }

    [Fact]
    public async Task TrainAsync_patterns_give_an_adapter_on_these_maps_alone()
    {
        var request = Request(
            "a",
            Tiny.Options with
            {
                Lora = Tiny.Options.Lora! with { Targets = ["blk.0.attn_k", "blk.[1-1].*_output"] },
            });
        await new TorchTrainer().TrainAsync(request, null, default);

        var maps = LoraAdapter.Read(request.OutputPath, Config, Digest.OfFile(Base)).Maps;
        Assert.Equal(["blk.0.attn_k.weight", "blk.1.attn_output.weight"], maps.Select(map => map.Tensor));
        Assert.All(maps, map => Assert.Contains(map.B, value => value != 0));

        var next = Request("b", request.Options) with
        {
            InitialAdapterPath = request.OutputPath,
            ReferenceAdapterPath = request.OutputPath,
        };
        var result = await new TorchTrainer().TrainAsync(next, null, default);
        Assert.Equal(0, result.History[0].Metrics["rewards/margins"], 5);
    }

    [Fact]
    public async Task TrainAsync_dropout_changes_the_training_and_follows_from_the_seed()
    {
        var dropping = Tiny.Options with { Lora = Tiny.Options.Lora! with { Dropout = 0.3f } };
        string[] names = ["a", "b", "c", "d"];
        var requests = new[]
        {
            Request(names[0], dropping),
            Request(names[1], dropping),
            Request(names[2], dropping) with
            {
                Seed = 8,
            },
            Request(names[3], Tiny.Options),
        };
        foreach (var request in requests)
        {
            await new TorchTrainer().TrainAsync(request, null, default);
        }
        var digests = requests.Select(request => Digest.OfFile(request.OutputPath)).ToArray();

        Assert.Equal(digests[0], digests[1]);
        Assert.Equal(3, digests.Distinct().Count());
    }

    [Fact]
    public async Task TrainAsync_dropout_is_off_in_the_reference()
    {
        var first = Request("a", Tiny.Options with { Epochs = 4 });
        await new TorchTrainer().TrainAsync(first, null, default);
        var against = Request("b", Tiny.Options with { Lora = Tiny.Options.Lora! with { Dropout = 0.3f } }) with
        {
            ReferenceAdapterPath = first.OutputPath,
        };
        var plain = against with { Options = Tiny.Options, OutputPath = Output("c") };
        await new TorchTrainer().TrainAsync(against, null, default);
        var stored = await File.ReadAllBytesAsync(Directory.GetFiles(against.WorkDirectory, "reference-*.bin").Single());
        Directory.Delete(against.WorkDirectory, recursive: true);
        await new TorchTrainer().TrainAsync(plain, null, default);

        Assert.Equal(stored, await File.ReadAllBytesAsync(Directory.GetFiles(plain.WorkDirectory, "reference-*.bin").Single()));
    }

    [Theory]
    [InlineData("kto")]
    [InlineData("apo_zero_unpaired")]
    public async Task TrainAsync_loss_on_labelled_completions_takes_pairs_apart(string loss)
    {
        var result = await new TorchTrainer().TrainAsync(Request("a", Tiny.Options with { Loss = new(loss), Epochs = 4 }), null, default);

        Assert.Equal(24, result.Steps);
        Assert.Equal(0.5, result.History[0].Metrics["loss"], 5);
        Assert.True(result.History[^1].Metrics["rewards/margins"] > 0.1);
        Assert.Equal(0, result.History[0].Metrics["kl"], 5);
    }

    [Theory]
    [InlineData("simpo", false)]
    [InlineData("sigmoid", true)]
    public async Task TrainAsync_reference_is_computed_only_for_a_loss_that_uses_it(string loss, bool expected)
    {
        var request = Request("a", Tiny.Options with { Loss = new(loss) });

        var result = await new TorchTrainer().TrainAsync(request, null, default);

        Assert.Equal(expected ? 1 : 0, Directory.GetFiles(request.WorkDirectory, "reference-*").Length);
        Assert.Equal(expected, result.History[0].Metrics.ContainsKey("kl"));
    }

    [Theory]
    [InlineData("rank", "LoRA rank 99")]
    [InlineData("target", "'attn_z'")]
    [InlineData("loss", "'bad'")]
    [InlineData("length", "none of the 12 examples")]
    [InlineData("token", "token 264")]
    [InlineData("shape", "rank 4")]
    [InlineData("alpha", "alpha 8 with rsLoRA, which is 16")]
    [InlineData("maps", "the adapter is on 14 maps and the settings' targets are 2; 'blk.0.attn_k.weight' is not a target")]
    [InlineData("full", "not from an adapter")]
    public async Task TrainAsync_request_that_cannot_be_met_says_why(string mistake, string message)
    {
        var request = Request("a", Tiny.Options);
        await new TorchTrainer().TrainAsync(request, null, default);
        var options = request.Options;
        var lora = options.Lora!;
        request = mistake switch
        {
            "rank" => request with { Options = options with { Lora = lora with { Rank = 99 } } },
            "target" => request with { Options = options with { Lora = lora with { Targets = ["attn_z"] } } },
            "loss" => request with { Options = options with { Loss = new("bad") } },
            "length" => request with { Options = options with { MaxLength = 2 } },
            "token" => request with { Examples = [new PreferencePair("p", [1], [2], [264])] },
            "shape" => request with { InitialAdapterPath = Output("a"), Options = options with { Lora = lora with { Rank = 2 } } },
            "alpha" => request with { InitialAdapterPath = Output("a"), Options = options with { Lora = lora with { UseRslora = true } } },
            "maps" => request with
            {
                InitialAdapterPath = Output("a"),
                Options = options with { Lora = lora with { Targets = ["attn_q"] } },
            },
            _ => request with { InitialAdapterPath = Output("a"), Options = options with { Lora = null } },
        };
        request = request with { OutputPath = Output("b") };

        var e = await Assert.ThrowsAsync<UserInputException>(() => new TorchTrainer().TrainAsync(request, null, default));

        Assert.Contains(message, e.Message);
        Assert.False(File.Exists(request.OutputPath));
    }

    private string Output(string name) => Path.Combine(_folder, name + ".gguf");

    private TrainingRequest Request(string name, TrainingOptions options) => new(
        Base, null, null, TinyModel.Pairs(12), options, 7, Path.Combine(_folder, name), Output(name),
        new(Digest.OfFile(Base), null, "tests", 1, "{}"));
}
