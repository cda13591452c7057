using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace IterativeDpo.Engines.Tests.Akka.Configuration;

public sealed class HoconParserTests
{
    [Theory]
    [InlineData("a { b { c = 1 } }")]
    [InlineData("a.b.c = 1")]
    [InlineData("a.b { c : 1 }")]
    [InlineData("{ a { b.c = 1 } }")]
    [InlineData("\"a\".b.\"c\" = 1")]
    public void ParseString_nested_and_dotted_keys_are_the_same(string hocon)
    {
        Assert.Equal(1, ConfigurationFactory.ParseString(hocon).GetInt("a.b.c"));
    }

    [Fact]
    public void ParseString_quoted_key_with_a_dot_is_one_key()
    {
        var config = ConfigurationFactory.ParseString("a.\"b.c\" = 1");

        Assert.Equal(1, config.GetInt("a.\"b.c\""));
        Assert.False(config.HasPath("a.b"));
    }

    [Fact]
    public void ParseString_comments_are_skipped()
    {
        var config = ConfigurationFactory.ParseString("# one\na = 1 # two\n// three\nb = 2 // four\n");

        Assert.Equal("1", config.GetString("a"));
        Assert.Equal("2", config.GetString("b"));
    }

    [Fact]
    public void ParseString_later_value_replaces_earlier_one()
    {
        Assert.Equal(2, ConfigurationFactory.ParseString("a = 1\na = 2").GetInt("a"));
    }

    [Fact]
    public void ParseString_objects_of_the_same_key_merge()
    {
        var config = ConfigurationFactory.ParseString("a { b = 1, c = 1 }\na { c = 2 }");

        Assert.Equal(1, config.GetInt("a.b"));
        Assert.Equal(2, config.GetInt("a.c"));
    }

    [Theory]
    [InlineData("a = x", "x")]
    [InlineData("a = x y  z", "x y  z")]
    [InlineData("a = \"x: \\\"y\\\" \\u0041\\n!\"", "x: \"y\" A\n!")]
    [InlineData("a = \"\"\"x \"y\" \\n\"\"\"", "x \"y\" \\n")]
    [InlineData("a = /x/y.gguf", "/x/y.gguf")]
    [InlineData("a = \"  x \"", "x")]
    public void ParseString_texts(string hocon, string expected)
    {
        Assert.Equal(expected, ConfigurationFactory.ParseString(hocon).GetString("a"));
    }

    [Fact]
    public void ParseString_arrays_span_lines_and_keep_order()
    {
        var config = ConfigurationFactory.ParseString("a = [x, \"y z\",\n  w]\nb = []");

        Assert.Equal(["x", "y z", "w"], config.GetStringList("a"));
        Assert.Empty(config.GetStringList("b"));
    }

    [Fact]
    public void ParseString_substitution_takes_the_final_value()
    {
        var config = ConfigurationFactory.ParseString("a = ${c.d}/x\nc.d = 1\nc.d = 2\ne = ${c}");

        Assert.Equal("2/x", config.GetString("a"));
        Assert.Equal(2, config.GetInt("e.d"));
    }

    [Fact]
    public void ParseString_substitution_without_target_is_refused()
    {
        var error = Assert.Throws<FormatException>(() => ConfigurationFactory.ParseString("a = ${b}"));

        Assert.Contains("Unresolved substitution: b", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ParseString_unknown_token_is_refused_with_its_position()
    {
        var error = Assert.Throws<FormatException>(() => ConfigurationFactory.ParseString("a = 1\n@ = 2"));

        Assert.Contains("position 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ParseString_unquoted_text_before_an_assignment_is_refused()
    {
        Assert.Throws<ConfigurationException>(() => ConfigurationFactory.ParseString("a = tcp://host"));
    }

    [Fact]
    public void ParseString_include_is_read_by_the_callback_and_merged_where_it_stands()
    {
        var config = ConfigurationFactory.ParseString(
            "a { b = 1, c = 1 }\ninclude \"other.conf\"\na.d = 3",
            file => Parser.Parse(file == "other.conf" ? "a { c = 2, d = 2 }" : "", null));

        Assert.Equal([1, 2, 3], [config.GetInt("a.b"), config.GetInt("a.c"), config.GetInt("a.d")]);
    }

    [Fact]
    public void ParseString_include_inside_an_object_lands_under_its_key()
    {
        var config = ConfigurationFactory.ParseString("a { include \"other.conf\" }", _ => Parser.Parse("b = 1", null));

        Assert.Equal(1, config.GetInt("a.b"));
    }

    [Fact]
    public void ParseString_key_may_begin_like_include()
    {
        Assert.Equal(1, ConfigurationFactory.ParseString("included = 1").GetInt("included"));
    }
}
