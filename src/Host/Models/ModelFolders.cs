using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Reward;

namespace IterativeDpo.Host.Models;

/// <summary>
/// Folders of Hugging Face's libraries where a model's GGUF is wanted: each is converted once, to a file in the cache that is named by the
/// digest of all that is in the folder. From there on there is only that file.
/// </summary>
internal static class ModelFolders
{
    /// <summary>The path itself, or of a folder the file that it was converted to.</summary>
    /// <exception cref="UserInputException">The folder is no model that can be converted.</exception>
    public static async Task<string> FileOfAsync(string path, CancellationToken cancellationToken, string? cache = null)
    {
        if (!Directory.Exists(path))
        {
            return path;
        }
        using var folder = ModelFolder.Open(path);
        var digest = await Task.Run(() => folder.DigestOf(cancellationToken), cancellationToken);
        var file = Path.Combine(
            cache ?? ModelCache.Root,
            "models",
            $"{digest.Hex}-{FolderConversion.Version}",
            $"{Path.GetFileName(folder.Path)}.gguf");
        if (!File.Exists(file))
        {
            await ConvertAsync(folder, file, type: null, cancellationToken);
        }
        return file;
    }

    /// <summary>Converts a folder, and makes sure that what came of it is a model of ours.</summary>
    /// <exception cref="UserInputException">The folder is no model that can be converted.</exception>
    public static async Task ConvertAsync(ModelFolder folder, string file, TensorType? type, CancellationToken cancellationToken)
    {
        await StepProgress.RunAsync<(long Done, long Total), bool>(
            $"converting {Path.GetFileName(folder.Path)}",
            bytes => ((int)(bytes.Done >> 20), Math.Max(1, (int)(bytes.Total >> 20)), $"of {bytes.Total / 1e6:N0} MB"),
            progress => Task.Run(
                () =>
                {
                    new FolderConversion(folder, type, progress, cancellationToken).Write(file);
                    return true;
                },
                cancellationToken));
        try
        {
            using var written = GgufFile.Open(file);
            ModelConfig.Read(written, withHead: true);
        }
        catch (UserInputException)
        {
            File.Delete(file);
            throw;
        }
    }

    /// <summary>A campaign file whose models may be folders; the configuration has files.</summary>
    /// <exception cref="UserInputException">As for <see cref="CampaignConfiguration.Load"/>, or a folder is no model that can be
    /// converted.</exception>
    public static async Task<CampaignConfiguration> LoadAsync(
        string file,
        IReadOnlyList<ConfigurationOverride> overrides,
        CancellationToken cancellationToken)
    {
        var configuration = CampaignConfiguration.Load(file, overrides);
        var options = await WithFilesAsync(configuration.Options, cancellationToken);
        return options == configuration.Options
            ? configuration
            : configuration with
            {
                Options = options,
                Json = OptionsJson.Write(options),
            };
    }

    /// <summary>The options with files where they have folders: the same object where they have none.</summary>
    /// <exception cref="UserInputException">A folder is no model that can be converted.</exception>
    public static async Task<CampaignOptions> WithFilesAsync(
        CampaignOptions options,
        CancellationToken cancellationToken,
        string? cache = null)
    {
        var model = await FileOfAsync(options.ModelPath, cancellationToken, cache);
        options = model == options.ModelPath ? options : options with { ModelPath = model };
        if (options.Judging.Judges is not { } judges)
        {
            return options;
        }
        var converted = new List<JudgeOptions>();
        foreach (var judge in judges)
        {
            converted.Add(judge switch
            {
                LlmJudgeOptions { ModelPath: { } path } llm when Directory.Exists(path) => llm with
                {
                    ModelPath = await FileOfAsync(path, cancellationToken, cache),
                },
                RewardModelOptions reward when Directory.Exists(reward.ModelPath) => reward with
                {
                    ModelPath = await FileOfAsync(reward.ModelPath, cancellationToken, cache),
                },
                _ => judge,
            });
        }
        return converted.SequenceEqual(judges) ? options : options with { Judging = options.Judging with { Judges = [.. converted] } };
    }
}
