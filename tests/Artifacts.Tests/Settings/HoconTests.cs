using System.Text;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Artifacts.Tests.Settings;

/// <summary>What HOCON's specification says, and what is refused.</summary>
public sealed class HoconTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("a = 1\nb : two # comment\nc = x // comment\n", """{"a":"1","b":"two","c":"x"}""")]
    [InlineData("{ a = 1, b = 2, }", """{"a":"1","b":"2"}""")]
    [InlineData("a { b = 1 }, c { d = 2 } e = 3", """{"a":{"b":"1"},"c":{"d":"2"},"e":"3"}""")]
    [InlineData("a.b.c = 1\na.b { d = 2 }\n\"a.b\" = 3\n\"x y\".z w = 4", """{"a":{"b":{"c":"1","d":"2"}},"a.b":"3","x y":{"z w":"4"}}""")]
    [InlineData("a\n{ b = 1 }", """{"a":{"b":"1"}}""")]
    [InlineData("a = {b = 1} { c = 2, b = 3 }", """{"a":{"b":"3","c":"2"}}""")]
    [InlineData("a = 1, a = 2\na { b = 1 }\na = 3", """{"a":"3"}""")]
    [InlineData("a = 1\na { b = 1 }", """{"a":{"b":"1"}}""")]
    [InlineData(
        "a = [1, 2\n3,]\nb = [1] [2]\nc = []\nd = [{x = 1}, [y]]",
        """{"a":["1","2","3"],"b":["1","2"],"c":[],"d":[{"x":"1"},["y"]]}""")]
    [InlineData("a += 1\na += 2\nb = [1]\nb += {c = 2}", """{"a":["1","2"],"b":["1",{"c":"2"}]}""")]
    [InlineData("a =  one  two three \r\nb = \"quo\\\"ted\\n\\u00e9\\\\\" more", """{"a":"one  two three","b":"quo\"ted\né\\ more"}""")]
    [InlineData("a = \"\"\"x \\n \"y\"\"\"\"\nb = \"\"\"one\ntwo\"\"\"", """{"a":"x \\n \"y\"","b":"one\ntwo"}""")]
    [InlineData(
        "a = 1e+5\nb = -0.5\nc = 10 ms\nd = \"\"\ne = null\nf = \"null\"\ng = \\U0001f600",
        """{"a":"1e+5","b":"-0.5","c":"10 ms","d":"","e":null,"f":"null","g":"\\U0001f600"}""")]
    [InlineData("include = 1\nincluded = 2", """{"include":"1","included":"2"}""")]
    public void ReadFile_asTheSpecificationSays(string text, string expected) => Assert.Equal(Normal(expected), Read(text));

    [Theory]
    [InlineData("a = 1\nb = ${a}", """{"a":"1","b":"1"}""")]
    [InlineData("b = ${a}\na = 1\na = 2", """{"b":"2","a":"2"}""")]
    [InlineData("a { b = 1, c = ${a.b}x }", """{"a":{"b":"1","c":"1x"}}""")]
    [InlineData("a = 1\na = ${?HOCON_TESTS_NOWHERE}", """{"a":"1"}""")]
    [InlineData("a = ${?HOCON_TESTS_NOWHERE}", "{}")]
    [InlineData("a = 1\na = ${?HOCON_TESTS_SET}", """{"a":"from outside"}""")]
    [InlineData("a = ${HOCON_TESTS_SET}!", """{"a":"from outside!"}""")]
    [InlineData("HOCON_TESTS_SET = here\na = ${HOCON_TESTS_SET}", """{"HOCON_TESTS_SET":"here","a":"here"}""")]
    [InlineData("a = 1\na = ${a}2\na = ${a}3", """{"a":"123"}""")]
    [InlineData("a.b = 1\na.b = ${a.b}2", """{"a":{"b":"12"}}""")]
    [InlineData("a = ${?a}x", """{"a":"x"}""")]
    [InlineData("a = [1]\na = ${a} [2]\na = [0] ${a}", """{"a":["0","1","2"]}""")]
    [InlineData("a = [${?nowhere}, 1]\nb = x${?nowhere}y", """{"a":["1"],"b":"xy"}""")]
    [InlineData(
        "base { x = 1, y = 1 }\na = ${base} { y = ${a.x}2 }\na.z = ${a.y}3",
        """{"base":{"x":"1","y":"1"},"a":{"x":"1","y":"12","z":"123"}}""")]
    [InlineData("a { x = 1 }\na = ${base}\nbase.y = 2", """{"a":{"x":"1","y":"2"},"base":{"y":"2"}}""")]
    [InlineData("a = ${b}\na = 5", """{"a":"5"}""")]
    [InlineData("a = { b = ${?a} }", """{"a":{}}""")]
    [InlineData("bar { foo = 42, baz = ${bar.foo} }\nbar { foo = 43 }", """{"bar":{"foo":"43","baz":"43"}}""")]
    public void ReadFile_substitution(string text, string expected)
    {
        Environment.SetEnvironmentVariable("HOCON_TESTS_SET", "from outside");

        Assert.Equal(Normal(expected), Read(text));
    }

    [Fact]
    public void ReadFile_includedUnderAKey_itsSubstitutionsSeeItsOwnKeysFirst()
    {
        Write("below/inner.conf", "x = 1, y = ${x}${top}\ninclude \"more.conf\"");
        Write("below/more.conf", "z = ${x}");

        Assert.Equal(
            Normal("""{"top":"t","x":"outside","a":{"x":"2","y":"2t","z":"2"}}"""),
            Read("top = t, x = outside\na { include \"below/inner.conf\" }\na.x = 2"));
    }

    [Theory]
    [InlineData(
        "x = 1\na = ${b}",
        "line 2: ${b} stands for nothing: there is no such key in the file, and no such environment variable; set it, or write ${?b}")]
    [InlineData("a = ${a}", "line 1: ${a} stands for itself, directly or by way of other keys")]
    [InlineData("a = ${b}\nb = ${c}x\nc = ${a}", "line 3: ${a} stands for itself")]
    [InlineData("a { b = ${a} }", "line 1: ${a} stands for itself")]
    [InlineData("a = [1] x", "line 1: texts, lists and sections cannot stand side by side")]
    [InlineData("b = {x = 1}\na = ${b} x", "line 2: texts, lists and sections cannot stand side by side")]
    [InlineData("a = $b", "line 1: put '$' in quotes")]
    [InlineData("a = ${b", "line 1: the '${' here is never closed")]
    [InlineData("a = 1,, b = 2", "line 1: a key was expected here, and not ','")]
    [InlineData("a = [1,,2]", "line 1: \"a\" has no value")]
    [InlineData("a = \"\\q\"", "line 1: '\\q' is no escape")]
    [InlineData("a = \"open\nb = 1", "line 1: the quote that opens here is never closed")]
    [InlineData("a = \"\"\"open\n\nb = 1\"", "line 1: the quote that opens here is never closed")]
    [InlineData(
        "é = 1\na = \"\\ud83d\"",
        "line 2: the text that opens here, at byte 12 of the file, has half of a character or the null character among its escapes")]
    [InlineData(
        "a = \"\\u0000\"",
        "line 1: the text that opens here, at byte 5 of the file, has half of a character or the null character")]
    [InlineData("é = 1\na\0 = 2", "line 2, byte 9 of the file: the null character is no text")]
    [InlineData("[1]", "line 1: a key was expected here, and not '['")]
    public void ReadFile_whatCannotBe_namesTheLine(string text, string expected) =>
        Assert.Contains(expected, Refusal(text), StringComparison.Ordinal);

    [Theory]
    [InlineData(new byte[] { (byte)'a', (byte)'\n', 0xff }, "line 2, byte 3 of the file: this is not UTF-8")]
    [InlineData(new byte[] { (byte)'a', 0xed, 0xa0, 0x80 }, "line 1, byte 2 of the file: this is not UTF-8")]
    public void ReadFile_notUtf8_namesLineAndByte(byte[] bytes, string expected)
    {
        File.WriteAllBytes(PathOf("bytes.conf"), bytes);

        Assert.Contains(
            expected,
            Assert.Throws<UserInputException>(() => HoconParser.ReadFile(PathOf("bytes.conf"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ReadFile_byteOrderMark_isNoText()
    {
        File.WriteAllText(PathOf("bom.conf"), "a = 1", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));

        Assert.Equal("""{"a":"1"}""", HoconParser.ReadFile(PathOf("bom.conf")).ToJson());
    }

    [Fact]
    public void ReadFile_deeperThanAnyoneWrites_isRefused()
    {
        Assert.Contains("brackets are open", Refusal($"a = {new string('[', 100_000)}"), StringComparison.Ordinal);
        Assert.Contains(
            "deep here",
            Refusal(string.Join('\n', Enumerable.Range(0, 10_000).Select(i => $"a{i} = ${{a{i + 1}}}"))),
            StringComparison.Ordinal);
        Assert.Contains(
            "more than 1000000 values",
            Refusal("a0 = x\n" + string.Join('\n', Enumerable.Range(1, 40).Select(i => $"a{i} = ${{a{i - 1}}}${{a{i - 1}}}"))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void ReadFile_valueOfASubstitution_isOfItsLine()
    {
        Write("test.conf", "a = 1\nb { c = 2 }\nd = ${a}\ne = ${b}");
        var read = HoconParser.ReadFile(PathOf("test.conf"));

        Assert.EndsWith("line 3", read.Find("d")!.Origin.Place, StringComparison.Ordinal);
        Assert.EndsWith("line 2", read.Find("e", "c")!.Origin.Place, StringComparison.Ordinal);
    }

    private static string Normal(string json) => System.Text.Json.Nodes.JsonNode.Parse(json)!.ToJsonString(
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private string Read(string text)
    {
        Write("test.conf", text);
        return HoconParser.ReadFile(PathOf("test.conf")).ToJson();
    }

    private string Refusal(string text)
    {
        Write("test.conf", text);
        return Assert.Throws<UserInputException>(() => HoconParser.ReadFile(PathOf("test.conf"))).Message;
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    private string PathOf(string name) => _directory[name];
}
