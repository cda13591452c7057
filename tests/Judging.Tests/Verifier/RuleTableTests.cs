using System.Globalization;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging.Tests.Verifier;

public class RuleTableTests
{
    [Theory]
    [InlineData("exact", "42", "42", null)]
    [InlineData("exact", "42", "42.", "differs at character 3")]
    [InlineData("exact", "Ab", "ab", "differs at character 1")]
    [InlineData("normalised", "Eiffel Tower", " the  Eiffel-Tower! ", "differs")]
    [InlineData("normalised", "Eiffel Tower", " The  «eiffel tower»! ", null)]
    [InlineData("normalised", "an apple a day", "Apple day.", null)]
    [InlineData("normalised", "theatre", "the atre", "differs")]
    [InlineData("normalised", "café", "CAFÉ", null)]
    [InlineData("normalised", "東京", "東京。", null)]
    [InlineData("contains", "ell", "hello", null)]
    [InlineData("contains", "ELL", "hello", "not there")]
    [InlineData("not-contains", "ELL", "hello", null)]
    [InlineData("not-contains", "ell", "hello", "there at character 2")]
    [InlineData("starts-with", "he", "hello", null)]
    [InlineData("starts-with", "el", "hello", "begins otherwise")]
    [InlineData("ends-with", "lo", "hello", null)]
    [InlineData("ends-with", "el", "hello", "ends otherwise")]
    [InlineData("regex", "^[a-c]+$", "abc", null)]
    [InlineData("regex", "^[a-c]+$", "abcd", "no match")]
    [InlineData("regex", "(.)\\1", "hello", null)]
    [InlineData("numeric", "42", "The answer is 42.", null)]
    [InlineData("numeric", "42", "42 or 43", "found 43")]
    [InlineData("numeric", "42", "no idea", "no number")]
    [InlineData("numeric", "-7", "that makes −7", null)]
    [InlineData("numeric", "0.5", "it is .5", null)]
    [InlineData("numeric", "1234.5", "1,234.50", null)]
    [InlineData("numeric", "0.2±0.1", "0.3", null)]
    [InlineData("numeric", "0.2+-0.1", "0.31", "found 0.31")]
    [InlineData("numeric", "-200±1%", "-202", null)]
    [InlineData("numeric", "200±1%", "202.1", "found 202.1")]
    [InlineData("numeric", "1000", "1e3", null)]
    [InlineData("numeric", "1", "99999999999999999999999999999999999999", "found 99999999999999999999999999999999999999")]
    [InlineData("numeric", "3", "٣", "no number")]
    [InlineData("numeric", "19", "It was COVID-19", null)]
    [InlineData("numeric", "12", "Pages 10-12", null)]
    [InlineData("numeric", "-12", "pages 10−12", "found 12")]
    [InlineData("numeric", "-3", "x=-3", null)]
    [InlineData("numeric", "-3", "-3", null)]
    [InlineData("numeric", "-3", "(-3)", null)]
    [InlineData("numeric", "4", "7-3=4", null)]
    [InlineData("numeric", "1,234.5", "1234.5", null)]
    [InlineData("json", """{"a":1,"b":[true]}""", """{ "b": [true], "a": 1.0 }""", null)]
    [InlineData("json", """{"a":1}""", """{"a":"1"}""", "another value")]
    [InlineData("json", """{"a":1}""", """{"a":2,"a":1}""", "not JSON: a member is there twice")]
    [InlineData("json", """{"a":1}""", """{'a':1}""", "not JSON at line 1, byte 2")]
    [InlineData("json", """{"a":1}""", """{"a":1e99999999999}""", "JSON with a text or a number that cannot be read")]
    [InlineData("json", """{"a":1}""", """{"\ud800":1}""", "JSON with a text or a number that cannot be read")]
    [InlineData("json", "\"a\"", "\"\\ud800\"", "JSON with a text or a number that cannot be read")]
    [InlineData("json-schema", """{"maxLength":1}""", "\"\\ud800\"", "JSON with a text or a number that cannot be read")]
    [InlineData("list", "a", """["\ud800"]""", "JSON with a text or a number that cannot be read")]
    [InlineData("set", "a", """["\ud800"]""", "JSON with a text or a number that cannot be read")]
    [InlineData("json", """["x","y"]""", """["y","x"]""", "another value")]
    [InlineData(
        "json-schema",
        """{"type":"object","properties":{"age":{"type":"integer"}}}""",
        """{"age":"x"}""",
        "/age: must be integer, not string")]
    [InlineData("json-schema", "true", "[", "not JSON at line 1, byte 2")]
    [InlineData("list", "a, b, c", "a,b;c", null)]
    [InlineData("list", """["a","b","c"]""", "a\nb\nc\n", null)]
    [InlineData("list", "a, b", """["a", "b"]""", null)]
    [InlineData("list", "[1, 2]", "1, 2", null)]
    [InlineData("list", "a, b", "b, a", "item 1 differs")]
    [InlineData("list", "a, b", "a", "1 items, not 2")]
    [InlineData("set", "a, b", "b, a, b", null)]
    [InlineData("set", "a, b", "a; c", "1 missing, 1 too many")]
    [InlineData("length", "2..3 words", "one  two\nthree", null)]
    [InlineData("length", "2..3 words", "one", "has 1")]
    [InlineData("length", "..3 characters", "😀ab", null)]
    [InlineData("length", "4.. characters", "😀ab", "has 3")]
    [InlineData("length", "..2 tokens", "abc", null)] // the last is the end token
    [InlineData("length", "3.. tokens", "abc", "has 2")]
    [InlineData("lines", "1..1", "one\n", null)]
    [InlineData("lines", "..1", "one\n\ntwo", "has 2")]
    [InlineData("no-repeat", "0.25 of 2 words", "a b c a b", null)]
    [InlineData("no-repeat", "0.2 of 2 words", "a b c a b", "repeats 0.25")]
    [InlineData("no-repeat", "0 of 2 characters", "abab", "repeats 0.33")]
    [InlineData("no-repeat", "0 of 5 words", "a a", null)]
    [InlineData("code-fence", "", "See:\n```\nx\n```\nDone.", null)]
    [InlineData("code-fence", "", "See:\n```\nx\n", "no closed block")]
    [InlineData("code-fence", "json", "```json\n{}\n```", null)]
    [InlineData("code-fence", "json", "```python\n{}\n```", "no closed block")]
    [InlineData("ended", "", "anything", null)]
    public void FaultOf_aKindAndAText_saysWhatIsWrong(string kind, string value, string text, string? fault) =>
        Assert.Equal(fault, RuleTable.Get(new AnswerCheck(kind, value)).FaultOf(Samples.Of(0, text)));

    [Theory]
    [InlineData("exact")]
    [InlineData("normalised")]
    [InlineData("not-contains")]
    [InlineData("ends-with")]
    [InlineData("numeric")]
    [InlineData("json")]
    [InlineData("list")]
    [InlineData("set")]
    public void FaultOf_answerCutAtTheTokenLimit_isNoWholeAnswer(string kind) =>
        Assert.Equal(
            "cut at the token limit",
            RuleTable.Get(new AnswerCheck(kind, "42")).FaultOf(Samples.Of(0, "42", FinishReason.Length)));

    [Theory]
    [InlineData("contains")]
    [InlineData("starts-with")]
    [InlineData("regex")]
    public void FaultOf_answerCutAtTheTokenLimit_passesChecksOfAPart(string kind) =>
        Assert.Null(RuleTable.Get(new AnswerCheck(kind, "42")).FaultOf(Samples.Of(0, "42", FinishReason.Length)));

    [Theory]
    [InlineData("regex", "^(a+)+$", "{0}")]
    [InlineData("json-schema", """{"pattern":"^(a+)+$"}""", "\"{0}\"")]
    [InlineData("json-schema", """{"patternProperties":{"^(a+)+$":true},"additionalProperties":false}""", "{{\"{0}\":1}}")]
    public void FaultOf_patternThatBacktracksForEver_isDecidedByTheLinearEngine(string kind, string value, string answer)
    {
        var rule = RuleTable.Get(new AnswerCheck(kind, value));
        string? FaultOf(string text) => rule.FaultOf(Samples.Of(0, string.Format(CultureInfo.InvariantCulture, answer, text)));

        Assert.NotNull(FaultOf(new string('a', 40) + "b"));
        Assert.Null(FaultOf(new string('a', 40)));
    }

    [Fact]
    public void FaultOf_ended_isAboutTheTokenLimitAlone()
    {
        var rule = RuleTable.Get(new AnswerCheck("ended", ""));

        Assert.NotNull(rule.FaultOf(Samples.Of(0, "42", FinishReason.Length)));
        Assert.Null(rule.FaultOf(Samples.Of(0, "42", FinishReason.Stop)));
    }

    /// <summary>A check sees what a judge sees.</summary>
    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "has 5")]
    public void FaultOf_tokensOfWhatAModelThought_countWhereTheyAreSeen(bool seen, string? fault)
    {
        PromptSamples samples = new(
            Samples.Prompt(),
            [],
            [Samples.Of(0, "<4*2>42") with { TokenIds = [1, 2, 3, 4, 5, 0], Thoughts = 3, AnswerAt = 5 }]);

        Assert.Equal(
            fault,
            RuleTable.Get(new AnswerCheck("length", "..2 tokens")).FaultOf((seen ? samples : samples.WithoutThoughts()).Samples[0]));
    }

    [Fact]
    public void FaultOf_tokensOfASampleWithout_saysSo() =>
        Assert.Equal(
            "has no tokens",
            RuleTable.Get(new AnswerCheck("length", "..5 tokens")).FaultOf(Samples.Of(0, "42") with { TokenIds = [] }));

    [Fact]
    public void Get_theSameCheckTwice_isOneRule() =>
        Assert.Same(RuleTable.Get(new AnswerCheck("regex", "^same$")), RuleTable.Get(new AnswerCheck("regex", "^same$", 2)));

    [Theory]
    [InlineData("exactly", "42", "there is no such kind; the kinds are exact, normalised")]
    [InlineData("exact", "", "the value is missing")]
    [InlineData("normalised", "The.", "nothing is left")]
    [InlineData("regex", "(", "not a .NET regular expression")]
    [InlineData("numeric", "forty", "must be a number")]
    [InlineData("numeric", "3,14", "must be a number")]
    [InlineData("numeric", "3.14±0,01", "must be a number")]
    [InlineData("numeric", "NaN", "must be a number")]
    [InlineData("numeric", "1±-1", "must be a number")]
    [InlineData("numeric", "1±2±3", "must be a number")]
    [InlineData("numeric", "79228162514264337593543950335±1", "must stay within")]
    [InlineData("json", "{", "the value is not JSON at line 1, byte 2")]
    [InlineData("json-schema", "{\"typ\":1}", "the keyword typ at # is not supported")]
    [InlineData("length", "1..5", "a window and its unit")]
    [InlineData("length", "5..1 words", "has nothing in it")]
    [InlineData("length", ".. words", "is no window")]
    [InlineData("length", "1..5 lines", "'lines' is no unit; the units are characters, words, tokens")]
    [InlineData("lines", "-1..2", "is no window")]
    [InlineData("no-repeat", "0.2", "such as 0.2 of 3 words")]
    [InlineData("no-repeat", "1 of 3 words", "a share from 0 to below 1")]
    [InlineData("no-repeat", "0.5 of 0 words", "such as 0.2 of 3 words")]
    [InlineData("ended", "yes", "has no value")]
    public void Get_badCheck_saysWhatToWrite(string kind, string value, string fault) =>
        Assert.Contains(fault, Assert.Throws<FormatException>(() => RuleTable.Get(new AnswerCheck(kind, value))).Message);
}
