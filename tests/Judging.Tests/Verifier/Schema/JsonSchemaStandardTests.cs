using System.Text.Json;
using IterativeDpo.Judging.Verifier.Schema;

namespace IterativeDpo.Judging.Tests.Verifier.Schema;

/// <summary>
/// What JSON Schema 2020-12 says of every keyword that there is, a row for each thing that it says: a schema, values that it accepts,
/// values that it refuses.
/// </summary>
public class JsonSchemaStandardTests
{
    [Theory]
    // type
    [InlineData("""{"type":"integer"}""", "[1, 1.0, -7, 1.5e1, 0.0, 1e300]", """[1.1, 1e-1, "1", true, null, [], {}]""")]
    [InlineData("""{"type":"number"}""", "[1, 1.5, -1e-9, 1e300]", """["1.5", false, null, [], {}]""")]
    [InlineData("""{"type":"string"}""", """["", "1", "null"]""", "[1, true, null, [], {}]")]
    [InlineData("""{"type":"object"}""", """[{}, {"a":1}]""", """[[], null, "{}", 1]""")]
    [InlineData("""{"type":"array"}""", "[[], [[]]]", """[{}, "[]", null, 0]""")]
    [InlineData("""{"type":"boolean"}""", "[true, false]", """[0, 1, "", "true", null, [], {}]""")]
    [InlineData("""{"type":"null"}""", "[null]", """[0, "", false, [], {}, "null"]""")]
    [InlineData("""{"type":["integer","string"]}""", """[3, "3"]""", "[3.5, true, null, {}, []]")]
    [InlineData("""{"type":["array"]}""", "[[]]", "[{}, 1]")]
    // enum and const
    [InlineData(
        """{"enum":[6,"six",[],true,{"six":6}]}""",
        """[6, 6.0, "six", [], true, {"six":6.0}]""",
        """[7, "Six", [6], false, null, {"six":"6"}, {"six":6,"x":1}]""")]
    [InlineData("""{"enum":[null]}""", "[null]", """[0, "", false, "null"]""")]
    [InlineData("""{"enum":[false]}""", "[false]", "[0, 0.0, null, [false]]")]
    [InlineData("""{"enum":[[0]]}""", "[[0], [0.0]]", "[[false], [], 0]")]
    [InlineData("""{"enum":["a\nb"]}""", """["a\nb"]""", """["anb", "a\\nb"]""")]
    [InlineData("""{"const":2}""", "[2, 2.0, 20e-1]", """[3, "2", [2]]""")]
    [InlineData("""{"const":0}""", "[0, 0.0, -0.0]", "[false, null, {}, []]")]
    [InlineData("""{"const":1}""", "[1, 1.0]", "[true, 1e30]")]
    [InlineData("""{"const":null}""", "[null]", "[0, false]")]
    [InlineData("""{"const":{"a":[1],"b":2}}""", """[{"b":2.0,"a":[1.0]}]""", """[{"a":[1]}, {"a":[1],"b":2,"c":3}, [1,2]]""")]
    [InlineData("""{"const":{"a":false}}""", """[{"a":false}]""", """[{"a":0}]""")]
    [InlineData("""{"const":[{"a":1}]}""", """[[{"a":1}]]""", """[[], [{"a":1},{"a":1}], {"a":1}]""")]
    [InlineData("""{"const":9007199254740992}""", "[9007199254740992, 9007199254740992.0]", "[9007199254740991, 9007199254740993]")]
    [InlineData(
        """{"const":12345678901234567890123456789012}""",
        "[12345678901234567890123456789012]",
        "[12345678901234567890123456789013]")]
    [InlineData("""{"const":"a\u0000b"}""", """["a\u0000b"]""", """["ab", "a"]""")]
    // bounds of numbers
    [InlineData("""{"minimum":1.1}""", """[1.1, 2, 1e400, "x", null]""", "[1.0, 0.6, -5, 1e-400]")]
    [InlineData("""{"minimum":-2}""", "[-2, -2.0, -1, 0]", "[-2.0001, -3, -1e30]")]
    [InlineData("""{"maximum":3.0}""", """[3, 2.6, -1e300, "9", [9]]""", "[3.5, 3.0000001, 1e300]")]
    [InlineData("""{"maximum":300}""", "[299.97, 300, 300.0, 3e2]", "[300.5, 301]")]
    [InlineData("""{"exclusiveMinimum":1.1}""", """[1.2, "x"]""", "[1.1, 0.6]")]
    [InlineData("""{"exclusiveMaximum":3}""", """[2.2, 2.99999999999, "x"]""", "[3, 3.0, 3.5]")]
    [InlineData("""{"minimum":0.1,"maximum":0.3}""", "[0.1, 0.2, 0.3]", "[0.09999999999999999999, 0.30000000000000000001]")]
    [InlineData("""{"maximum":18446744073709551615}""", "[18446744073709551600, 18446744073709551615]", "[18446744073709551616, 1e20]")]
    [InlineData(
        """{"exclusiveMaximum":9727837981879871238.18878137}""",
        "[9727837981879871238.18878136]",
        "[9727837981879871238.18878137]")]
    // multipleOf
    [InlineData("""{"multipleOf":2}""", """[10, 0, -4, 2.0, "7"]""", "[7, 1, 2.5]")]
    [InlineData("""{"multipleOf":1.5}""", "[0, 4.5, -3]", "[35, 1]")]
    [InlineData("""{"multipleOf":0.0001}""", "[0.0075, 1]", "[0.00751]")]
    [InlineData("""{"multipleOf":0.01}""", "[4.35, 19.99, 1.1e1]", "[4.355]")]
    [InlineData("""{"multipleOf":1e-8}""", "[12391239123, 0.00000003]", "[0.000000015]")]
    [InlineData("""{"type":"integer","multipleOf":0.123456789}""", "[0, 123456789]", "[1, 1e308]")]
    [InlineData("""{"multipleOf":7}""", "[70000000000000000000000000]", "[70000000000000000000000001]")]
    // Exponents that a naive sum would write out as digits.
    [InlineData("""{"multipleOf":3}""", "[]", "[1e9000000]")]
    // texts
    [InlineData("""{"minLength":2}""", """["fo", "foo", "😀a", "e\u0301", 1, [1]]""", """["f", "", "😀"]""")]
    [InlineData("""{"maxLength":2}""", """["fo", "", "😀😀", 100, {}]""", """["foo", "😀😀😀", "e\u0301s"]""")]
    [InlineData("""{"minLength":2.0,"maxLength":3.0}""", """["ab", "abc"]""", """["a", "abcd"]""")]
    [InlineData("""{"maxLength":99999999999}""", """["abc"]""", "[]")]
    [InlineData("""{"pattern":"^a*$"}""", """["", "aaa", true, 123, 1.0, {}, [], null]""", """["abc", "b"]""")]
    [InlineData("""{"pattern":"a+"}""", """["xxaayy"]""", """["xxyy"]""")]
    [InlineData("""{"pattern":"^\\p{Lu}"}""", """["Éa", "A"]""", """["éa", "1"]""")]
    // arrays
    [InlineData("""{"items":{"type":"integer"}}""", """[[], [1,2], {"0":"x"}, "x"]""", """[["x"], [1,"x"]]""")]
    [InlineData("""{"items":true}""", """[[], [1,"x",null]]""", "[]")]
    [InlineData("""{"items":false}""", """[[], {}, "x"]""", "[[1], [null]]")]
    [InlineData("""{"items":{"items":{"type":"integer"}}}""", "[[[1],[2,3]], [[]], [1]]", """[[["1"]], [[1],["2"]]]""")]
    [InlineData(
        """{"prefixItems":[{"type":"integer"},{"type":"string"}]}""",
        """[[1,"a"], [1], [], [1,"a",true], {"0":"x"}]""",
        """[["a",1], [1,2]]""")]
    [InlineData(
        """{"prefixItems":[{},{}],"items":{"type":"integer"}}""",
        """[["x",null], ["x",null,3,4]]""",
        """[["x",null,"y"], [1,2,3,"y"]]""")]
    [InlineData("""{"prefixItems":[true,false]}""", "[[], [1]]", """[[1,"a"]]""")]
    [InlineData("""{"prefixItems":[{}],"items":false}""", "[[], [1]]", "[[1,2]]")]
    [InlineData("""{"contains":{"minimum":5}}""", "[[3,4,5], [5,6], {}, 1]", "[[2,3,4], []]")]
    [InlineData("""{"contains":false}""", """["x", {}]""", "[[], [1]]")]
    [InlineData("""{"contains":true}""", "[[1], [false]]", "[[]]")]
    [InlineData("""{"items":{"multipleOf":2},"contains":{"multipleOf":3}}""", "[[6,12], [2,6]]", "[[2,4,8], [3,6,9], [1,5]]")]
    [InlineData("""{"contains":{"const":1},"minContains":2}""", "[[1,1], [1,2,1], [1,1,1]]", "[[], [1], [1,2]]")]
    [InlineData("""{"contains":{"const":1},"maxContains":1.0}""", "[[1], [1,2]]", "[[], [2], [1,1]]")]
    [InlineData("""{"contains":{"const":1},"minContains":1,"maxContains":3}""", "[[1], [1,1,1]]", "[[], [1,1,1,1]]")]
    [InlineData("""{"contains":{"const":1},"minContains":3,"maxContains":1}""", "[]", "[[], [1], [1,1,1]]")]
    [InlineData("""{"contains":{"const":1},"minContains":0}""", "[[], [2], [1,1]]", "[]")]
    [InlineData("""{"minContains":1,"maxContains":1}""", "[[], [1,1]]", "[]")]
    [InlineData("""{"minItems":1}""", """[[1], [1,2], "", {}]""", "[[]]")]
    [InlineData("""{"maxItems":2}""", """[[], [1,2], "foobar"]""", "[[1,2,3]]")]
    [InlineData(
        """{"uniqueItems":true}""",
        """[[], [1,2], [1,true], [0,false], [[1],[true]], [{"a":1},{"a":2}], ["a","A"], [1,"1"], [{"a":false},{"a":0}], "aa"]""",
        """[[1,1], [1.0,1.00,1], [2,1,2], ["x","x"], [{"a":1,"b":2},{"b":2,"a":1}], [[1],[1.0]], [{"a":1},{"a":1.0}], [null,null], [[["x"]],[["x"]]]]""")]
    [InlineData("""{"uniqueItems":false}""", "[[1,1], [[],[]]]", "[]")]
    [InlineData(
        """{"prefixItems":[{"type":"boolean"},{"type":"boolean"}],"uniqueItems":true,"items":false}""",
        "[[false,true], [true,false]]",
        "[[true,true], [false,true,null]]")]
    // objects
    [InlineData(
        """{"properties":{"a":{"type":"integer"},"b":{"type":"string"}}}""",
        """[{}, {"a":1,"b":"x"}, {"c":[]}, [], "x"]""",
        """[{"a":"x"}, {"a":1,"b":{}}]""")]
    [InlineData("""{"properties":{"a":true,"b":false}}""", """[{}, {"a":1}]""", """[{"b":1}, {"a":1,"b":2}]""")]
    [InlineData(
        """{"properties":{"a\"b":{"type":"number"},"c\\d":{"type":"number"},"e\tf":{"type":"number"}}}""",
        """[{"a\"b":1,"c\\d":1,"e\tf":1}]""",
        """[{"a\"b":"1"}, {"e\tf":"1"}]""")]
    [InlineData(
        """{"properties":{"__proto__":{"type":"number"},"length":{"type":"string"}}}""",
        """[{"__proto__":1,"length":"x"}, []]""",
        """[{"__proto__":"x"}, {"length":1}]""")]
    [InlineData("""{"properties":{"a":{"type":["null"]}}}""", """[{"a":null}]""", """[{"a":0}]""")]
    [InlineData("""{"required":["a"],"properties":{"a":{},"b":{}}}""", """[{"a":1}, {"a":null}, [], "", 12]""", """[{"b":1}, {}]""")]
    [InlineData("""{"required":[]}""", "[{}]", "[]")]
    [InlineData("""{"required":["a\nb","toString"]}""", """[{"a\nb":1,"toString":2}]""", """[{"a\nb":1}, {}]""")]
    [InlineData(
        """{"properties":{"a":{}},"patternProperties":{"^v":{}},"additionalProperties":false}""",
        """[{"a":1}, {"vroom":1}, {}, [1], "x"]""",
        """[{"a":1,"q":2}, {"é":1}]""")]
    [InlineData(
        """{"properties":{"a":{}},"additionalProperties":{"type":"boolean"}}""",
        """[{"a":1,"b":true}, {}]""",
        """[{"a":1,"b":12}]""")]
    [InlineData("""{"allOf":[{"properties":{"a":{}}}],"additionalProperties":{"type":"boolean"}}""", """[{"a":true}]""", """[{"a":1}]""")]
    [InlineData(
        """{"patternProperties":{"a*":{"type":"integer"},"aaa*":{"maximum":20}}}""",
        """[{"a":21}, {"aaaa":18}, {"a":21,"aaaa":18}, []]""",
        """[{"a":"x"}, {"aaaa":31}, {"aaa":"x","aaaa":31}]""")]
    [InlineData(
        """{"patternProperties":{"[0-9]{2,}":{"type":"boolean"},"X_":{"type":"string"}}}""",
        """[{"answer 1":"42"}, {"a_X_3":"x"}]""",
        """[{"a31b":null}, {"a_X_3":3}]""")]
    [InlineData("""{"patternProperties":{"f.*":true,"b.*":false}}""", """[{"foo":1}, {}]""", """[{"bar":2}, {"foobar":1}]""")]
    [InlineData("""{"propertyNames":{"maxLength":3}}""", """[{"f":{},"foo":{}}, {}, [1,2], "foobar"]""", """[{"foo":{},"foobar":{}}]""")]
    [InlineData("""{"propertyNames":{"pattern":"^a+$"}}""", """[{"a":1,"aa":1}]""", """[{"aaA":1}]""")]
    [InlineData("""{"propertyNames":{"enum":["a","b"]}}""", """[{"a":1}, {"a":1,"b":2}]""", """[{"c":1}]""")]
    [InlineData("""{"propertyNames":false}""", "[{}]", """[{"a":1}]""")]
    [InlineData("""{"dependentRequired":{"b":["a"]}}""", """[{}, {"a":1}, {"a":1,"b":2}, ["b"], "b"]""", """[{"b":2}]""")]
    [InlineData(
        """{"dependentRequired":{"c":["a","b"],"d":[]}}""",
        """[{"a":1,"b":2}, {"a":1,"b":2,"c":3}, {"d":1}]""",
        """[{"a":1,"c":3}, {"c":3}]""")]
    [InlineData(
        """{"dependentSchemas":{"b":{"properties":{"a":{"type":"integer"}},"required":["a"]}}}""",
        """[{"a":"x"}, {"a":1,"b":2}, {}, ["b"], "b"]""",
        """[{"b":2}, {"a":"x","b":2}]""")]
    [InlineData("""{"dependentSchemas":{"a":true,"b":false}}""", """[{"a":1}, {}]""", """[{"b":2}, {"a":1,"b":2}]""")]
    [InlineData("""{"minProperties":1.0}""", """[{"a":1}, {"a":1,"b":2}, [], "", 12]""", "[{}]")]
    [InlineData("""{"maxProperties":2}""", """[{}, {"a":1,"b":2}, [1,2,3], "foobar"]""", """[{"a":1,"b":2,"c":3}]""")]
    [InlineData("""{"maxProperties":0}""", "[{}]", """[{"a":1}]""")]
    // several schemas
    [InlineData(
        """{"allOf":[{"required":["a"],"properties":{"a":{"type":"string"}}},{"required":["b"]}]}""",
        """[{"a":"x","b":2}]""",
        """[{"a":"x"}, {"b":2}, {"a":1,"b":2}]""")]
    [InlineData("""{"allOf":[true,false]}""", "[]", """["x", null]""")]
    [InlineData("""{"allOf":[{"allOf":[{"type":"null"}]}]}""", "[null]", "[1]")]
    [InlineData("""{"anyOf":[{"type":"integer"},{"minimum":2}]}""", """[1, 2.5, 3, "x"]""", "[1.5]")]
    [InlineData("""{"type":"string","anyOf":[{"maxLength":2},{"minLength":4}]}""", """["ab", "abcd"]""", """["abc", 3]""")]
    [InlineData("""{"anyOf":[true,false]}""", """["x"]""", "[]")]
    [InlineData("""{"anyOf":[false,false]}""", "[]", """["x"]""")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":2}]}""", "[1, 2.5]", "[3, 1.5]")]
    [InlineData("""{"oneOf":[true,true]}""", "[]", """["x"]""")]
    [InlineData("""{"oneOf":[true,false,false]}""", """["x"]""", "[]")]
    [InlineData(
        """{"oneOf":[{"required":["a","b"]},{"required":["a","c"]}]}""",
        """[{"a":1,"b":2}, {"a":1,"c":3}]""",
        """[{"b":2}, {"a":1,"b":2,"c":3}]""")]
    [InlineData(
        """{"allOf":[{"multipleOf":2}],"anyOf":[{"multipleOf":3}],"oneOf":[{"multipleOf":5}]}""",
        "[30, 0]",
        "[1, 2, 3, 5, 6, 10, 15]")]
    [InlineData("""{"not":{"type":"integer"}}""", """["x", 1.5]""", "[1, 1.0]")]
    [InlineData("""{"not":{"type":["integer","boolean"]}}""", """["x"]""", "[1, true]")]
    [InlineData("""{"not":{"not":{}}}""", """["x", null]""", "[]")]
    [InlineData("""{"not":{}}""", "[]", "[1, null, {}]")]
    [InlineData("""{"properties":{"a":{"not":{}}}}""", """[{"b":1}, {}]""", """[{"a":1}]""")]
    [InlineData("""{"if":{"exclusiveMaximum":0},"then":{"minimum":-10}}""", "[-1, 3]", "[-100]")]
    [InlineData("""{"if":{"exclusiveMaximum":0},"else":{"multipleOf":2}}""", "[-1, 4]", "[3]")]
    [InlineData("""{"if":{"const":0}}""", """[0, "x"]""", "[]")]
    [InlineData("""{"then":{"const":0},"else":{"const":1}}""", """[0, "x"]""", "[]")]
    [InlineData("""{"if":true,"then":{"const":"t"},"else":{"const":"e"}}""", """["t"]""", """["e"]""")]
    [InlineData("""{"if":false,"then":{"const":"t"},"else":{"const":"e"}}""", """["e"]""", """["t"]""")]
    [InlineData("""{"allOf":[{"if":{"exclusiveMaximum":0}},{"then":{"minimum":-10}},{"else":{"multipleOf":2}}]}""", "[-100, 3]", "[]")]
    // references
    [InlineData(
        """{"properties":{"a":{"$ref":"#"}},"additionalProperties":false}""",
        """[{"a":1}, {"a":{"a":false}}]""",
        """[{"b":1}, {"a":{"b":1}}]""")]
    [InlineData("""{"properties":{"a":{"type":"integer"},"b":{"$ref":"#/properties/a"}}}""", """[{"b":3}]""", """[{"b":true}]""")]
    [InlineData("""{"prefixItems":[{"type":"integer"},{"$ref":"#/prefixItems/0"}]}""", "[[1,2]]", """[[1,"x"]]""")]
    [InlineData(
        """{"$defs":{"til~de":{"type":"integer"},"sla/sh":{"type":"integer"},"per%cent":{"type":"integer"}},"properties":{"t":{"$ref":"#/$defs/til~0de"},"s":{"$ref":"#/$defs/sla~1sh"},"p":{"$ref":"#/$defs/per%25cent"}}}""",
        """[{"t":1,"s":1,"p":1}]""", """[{"t":"x"}, {"s":"x"}, {"p":"x"}]""")]
    [InlineData(
        """{"$defs":{"a":{"type":"integer"},"b":{"$ref":"#/$defs/a"},"c":{"$ref":"#/$defs/b"}},"$ref":"#/$defs/c"}""",
        "[5]",
        """["a"]""")]
    [InlineData(
        """{"$defs":{"r":{"type":"array"}},"properties":{"a":{"$ref":"#/$defs/r","maxItems":2}}}""",
        """[{"a":[]}, {"a":[1,2]}]""",
        """[{"a":[1,2,3]}, {"a":"x"}]""")]
    [InlineData("""{"properties":{"$ref":{"type":"string"}}}""", """[{"$ref":"a"}]""", """[{"$ref":2}]""")]
    [InlineData("""{"$ref":"#/$defs/b","$defs":{"b":false}}""", "[]", """["x", null]""")]
    [InlineData(
        """{"$defs":{"node":{"required":["v"],"properties":{"v":{"type":"number"},"sub":{"type":"array","items":{"$ref":"#/$defs/node"}}}}},"$ref":"#/$defs/node"}""",
        """[{"v":1}, {"v":1,"sub":[{"v":2,"sub":[{"v":3,"sub":[]}]}]}]""", """[{"sub":[]}, {"v":1,"sub":[{"v":2,"sub":[{"v":"3"}]}]}]""")]
    [InlineData(
        """{"$defs":{"int":{"type":"integer"}},"allOf":[{"properties":{"a":{"$ref":"#/$defs/int"}}},{"additionalProperties":{"$ref":"#/$defs/int"}}]}""",
        """[{"a":1}]""",
        """[{"a":"x"}]""")]
    // whole schemas
    [InlineData("true", """[1, "x", null, {}, []]""", "[]")]
    [InlineData("false", "[]", """[1, "x", null, {}, []]""")]
    [InlineData("{}", """[1, "x", null, {}, []]""", "[]")]
    [InlineData(
        """{"default":5,"type":"string","examples":[1],"$comment":"x","deprecated":true,"readOnly":true,"writeOnly":true}""",
        """["x"]""",
        "[5]")]
    public void FaultOf_valuesOfASchema_isAsTheStandardHasIt(string schema, string accepted, string refused)
    {
        var parsed = JsonSchema.Parse(JsonElement.Parse(schema));

        Assert.All(JsonElement.Parse(accepted).EnumerateArray(), value => Assert.Null(parsed.FaultOf(value)));
        Assert.All(JsonElement.Parse(refused).EnumerateArray(), value => Assert.NotNull(parsed.FaultOf(value)));
    }
}
