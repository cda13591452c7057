using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Actors.Configuration;

/// <summary>Reads the section <c>pairs</c>. Scores have the judge's units, and so has what is compared with them.</summary>
internal static class PairOptionsReader
{
    /// <param name="training">Completions are compared up to where the trainer cuts them.</param>
    /// <exception cref="UserInputException">A value is out of range, or the strategy does not read it.</exception>
    public static PairSelectionOptions Read(SettingsReader pairs, SettingsReader training)
    {
        var options = new PairSelectionOptions(
            pairs.Choice<PairStrategy>("strategy"),
            pairs.Int("max-per-prompt", 1, 10_000),
            pairs.Double("min-margin", 0),
            training.Int("max-length", 2),
            pairs.Int("top-bottom-k", 1, 512),
            pairs.PositiveFloat("rso-beta"),
            pairs.Int("rso-samples", 2, 1024),
            pairs.Double("max-length-ratio", 0),
            pairs.Double("max-similarity", 0, 1),
            pairs.Switch("balance-lengths"));
        if (options.MaxLengthRatio is > 0 and < 1)
        {
            throw pairs.Invalid("max-length-ratio", pairs.Text("max-length-ratio"), "it must be 1 or more, or 0 for off");
        }
        var defaults = new PairSelectionOptions();
        RefuseUnread("top-bottom-k", PairStrategy.TopBottom, options.TopBottomK != defaults.TopBottomK);
        RefuseUnread("rso-beta", PairStrategy.RejectionSampling, options.RsoBeta != defaults.RsoBeta);
        RefuseUnread("rso-samples", PairStrategy.RejectionSampling, options.RsoSamples != defaults.RsoSamples);
        return options;

        void RefuseUnread(string key, PairStrategy reader, bool isSet)
        {
            if (isSet && options.Strategy != reader)
            {
                throw pairs.Invalid(key, pairs.Text(key), $"strategy {Words.Kebab(options.Strategy)} does not read it; leave it out, or set strategy = {Words.Kebab(reader)}");
            }
        }
    }
}
