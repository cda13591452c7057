using System.Text.Json.Serialization;

namespace IterativeDpo.Judging.Quality;

/// <summary>A judge against a standard (the verifier, or labels), over pairs of samples that both looked at.</summary>
/// <param name="Agree">The standard tells the two apart, and the judge prefers the same one.</param>
/// <param name="Contradict">The judge prefers the other one.</param>
/// <param name="TiedByJudge">The standard tells the two apart, and to the judge they are equal.</param>
/// <param name="TiedByStandard">To the standard the two are equal, and the judge prefers one.</param>
/// <param name="BothTied">To both they are equal.</param>
/// <param name="Abstained">The standard tells the two apart, and the judge abstains.</param>
public sealed record Agreement(
    long Agree = 0,
    long Contradict = 0,
    long TiedByJudge = 0,
    long TiedByStandard = 0,
    long BothTied = 0,
    long Abstained = 0)
{
    /// <summary>
    /// Pairwise accuracy: of the pairs that the standard tells apart and the judge gave a verdict on, those on which it prefers the same
    /// one.
    /// </summary>
    public Share Accuracy => new(Agree, Agree + Contradict + TiedByJudge);

    /// <summary>Of the pairs that both tell apart, those on which they prefer different ones; chance gives a half.</summary>
    [JsonIgnore]
    public Share Contradictions => new(Contradict, Agree + Contradict);

    /// <summary>
    /// Cohen's kappa (1960) over first better, second better and equal: 1 is full agreement, 0 that of chance; null where chance
    /// agrees on everything. Each pair counts in both orders, as which sample comes first means nothing.
    /// </summary>
    public double? Kappa
    {
        get
        {
            var all = (double)(Accuracy.Of + TiedByStandard + BothTied);
            var (standardTells, judgeTells) = (Accuracy.Of / all, (Agree + Contradict + TiedByStandard) / all);
            var byChance = (standardTells * judgeTells / 2) + ((1 - standardTells) * (1 - judgeTells));
            return all > 0 && byChance < 1 ? (((Agree + BothTied) / all) - byChance) / (1 - byChance) : null;
        }
    }

    [JsonIgnore]
    public bool IsEmpty => this == new Agreement();

    public Agreement With(Preference judge, Preference standard) => (judge, standard) switch
    {
        (_, Preference.Abstained) => this,
        (Preference.Abstained, Preference.Tie) => this,
        (Preference.Abstained, _) => this with { Abstained = Abstained + 1 },
        (Preference.Tie, Preference.Tie) => this with { BothTied = BothTied + 1 },
        (Preference.Tie, _) => this with { TiedByJudge = TiedByJudge + 1 },
        (_, Preference.Tie) => this with { TiedByStandard = TiedByStandard + 1 },
        _ when judge == standard => this with { Agree = Agree + 1 },
        _ => this with { Contradict = Contradict + 1 },
    };
}
