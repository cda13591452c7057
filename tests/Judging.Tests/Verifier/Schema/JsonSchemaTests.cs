using System.Text.Json;
using IterativeDpo.Judging.Verifier.Schema;

namespace IterativeDpo.Judging.Tests.Verifier.Schema;

public class JsonSchemaTests
{
    [Theory]
    [InlineData("""{"type":"integer"}""", "1.0", null)]
    [InlineData("""{"type":"integer"}""", "1e300", null)]
    [InlineData("""{"type":"integer"}""", "1.5", "/: must be integer, not number")]
    [InlineData("""{"type":["string","null"]}""", "null", null)]
    [InlineData("""{"type":["string","null"]}""", "true", "/: must be string or null, not boolean")]
    [InlineData("""{"enum":[1,"a"]}""", "1.0", null)]
    [InlineData("""{"enum":[1,"a"]}""", "2", "/: is none of enum")]
    [InlineData("""{"const":{"a":1}}""", """{"a":2}""", "/: must be the value of const")]
    [InlineData("""{"properties":{"a/b":{"minimum":3}}}""", """{"a/b":2.9}""", "/a~1b: must be at least 3")]
    [InlineData(
        """{"properties":{"a":{}},"patternProperties":{"^x":{"type":"null"}},"additionalProperties":false}""",
        """{"a":1,"xy":null}""",
        null)]
    [InlineData(
        """{"properties":{"a":{}},"patternProperties":{"^x":{}},"additionalProperties":false}""",
        """{"a":1,"b":1}""",
        "/b: is not allowed")]
    [InlineData("""{"patternProperties":{"^x":{"type":"null"}}}""", """{"ax":1,"xa":1}""", "/xa: must be null, not number")]
    [InlineData("""{"propertyNames":{"maxLength":1}}""", """{"ab":1}""", "/ab: has a name that propertyNames refuses")]
    [InlineData("""{"required":["a"]}""", """{"b":1}""", "/a: is missing")]
    [InlineData("""{"required":["a"]}""", "[]", null)]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", """{"a":1}""", "/b: is missing beside a")]
    [InlineData("""{"dependentSchemas":{"a":{"required":["b"]}}}""", """{"a":1}""", "/b: is missing")]
    [InlineData("""{"minProperties":1}""", "{}", "/: has 0 members")]
    [InlineData("""{"maxProperties":1}""", """{"a":1,"b":1}""", "/: has 2 members")]
    [InlineData("""{"items":{"type":"string"}}""", """["a",1]""", "/1: must be string, not number")]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":false}""", """["a"]""", null)]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":false}""", """["a",1]""", "/1: is not allowed")]
    [InlineData("""{"prefixItems":[{"type":"string"},true]}""", "[1]", "/0: must be string, not number")]
    [InlineData("""{"contains":{"const":1}}""", "[2]", "/: has 0 items that contains is about")]
    [InlineData("""{"contains":{"const":1},"minContains":0,"maxContains":1}""", "[1,1]", "/: has 2 items that contains is about")]
    [InlineData("""{"minItems":2}""", "[1]", "/: has 1 items")]
    [InlineData("""{"maxItems":0}""", "[1]", "/: has 1 items")]
    [InlineData("""{"uniqueItems":true}""", "[1,2,1.0]", "/2: is there twice")]
    [InlineData("""{"uniqueItems":false}""", "[1,1]", null)]
    [InlineData("""{"minLength":2}""", "\"😀\"", "/: has 1 characters")]
    [InlineData("""{"maxLength":1}""", "\"😀\"", null)]
    [InlineData("""{"pattern":"b"}""", "\"abc\"", null)]
    [InlineData("""{"pattern":"^b"}""", "\"abc\"", "/: does not match ^b")]
    [InlineData("""{"maximum":3}""", "1e300", "/: must be at most 3")]
    [InlineData("""{"exclusiveMinimum":3}""", "3", "/: must be above 3")]
    [InlineData("""{"exclusiveMaximum":3}""", "3", "/: must be below 3")]
    [InlineData("""{"multipleOf":0.1}""", "0.3", null)]
    [InlineData("""{"multipleOf":0.1}""", "0.35", "/: must be a multiple of 0.1")]
    [InlineData("""{"allOf":[{"minimum":1},{"maximum":2}]}""", "3", "/: must be at most 2")]
    [InlineData("""{"anyOf":[{"const":1},{"const":2}]}""", "3", "/: is none of anyOf")]
    [InlineData("""{"oneOf":[{"minimum":1},{"minimum":2}]}""", "3", "/: is 2 of oneOf")]
    [InlineData("""{"oneOf":[{"minimum":1},{"minimum":2}]}""", "1", null)]
    [InlineData("""{"not":{"type":"null"}}""", "null", "/: is what not rules out")]
    [InlineData("""{"if":{"minimum":5},"then":{"multipleOf":5},"else":{"const":1}}""", "6", "/: must be a multiple of 5")]
    [InlineData("""{"if":{"minimum":5},"then":{"multipleOf":5},"else":{"const":1}}""", "2", "/: must be the value of const")]
    [InlineData("""{"$defs":{"n":{"type":"null"}},"items":{"$ref":"#/$defs/n"}}""", "[1]", "/0: must be null, not number")]
    [InlineData(
        """{"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false}""",
        """{"next":{"next":{"x":1}}}""",
        "/next/next/x: is not allowed")]
    [InlineData("""{"definitions":{"a b":{"type":"null"}},"$ref":"#/definitions/a%20b"}""", "1", "/: must be null, not number")]
    [InlineData(
        """{"title":"t","$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.com/s","examples":[1]}""",
        "1",
        null)]
    [InlineData("false", "1", "/: is not allowed")]
    public void FaultOf_aSchemaAndAValue_saysWhereItIsWrong(string schema, string value, string? fault) =>
        Assert.Equal(fault, JsonSchema.Parse(JsonElement.Parse(schema)).FaultOf(JsonElement.Parse(value)));

    [Theory]
    [InlineData("3", "the schema at # must be an object, true or false")]
    [InlineData("""{"format":"email"}""", "the keyword format at # is not supported")]
    [InlineData("""{"items":{"unevaluatedItems":false}}""", "the keyword unevaluatedItems at #/items is not supported")]
    [InlineData("""{"items":{"$id":"x"}}""", "the keyword $id at #/items is not supported")]
    [InlineData("""{"items":[true]}""", "the schema at #/items must be an object")]
    [InlineData("""{"$defs":{"a":{"type":"text"}}}""", "#/$defs/a/type must be one or more of object")]
    [InlineData("""{"type":[]}""", "#/type must be one or more of")]
    [InlineData("""{"minimum":"1"}""", "#/minimum must be a number")]
    [InlineData("""{"exclusiveMinimum":true}""", "#/exclusiveMinimum must be a number")]
    [InlineData("""{"minLength":-1}""", "#/minLength must be a whole number from 0 up")]
    [InlineData("""{"minLength":2.5}""", "#/minLength must be a whole number from 0 up")]
    [InlineData("""{"multipleOf":0}""", "#/multipleOf must be a number above 0")]
    [InlineData("""{"pattern":"("}""", "#/pattern: the pattern is not")]
    [InlineData("""{"patternProperties":{"(":true}}""", "#/patternProperties: the pattern is not")]
    [InlineData("""{"required":"a"}""", "#/required must be a list")]
    [InlineData("""{"required":[1]}""", "#/required must be a text")]
    [InlineData("""{"properties":[]}""", "#/properties must be an object")]
    [InlineData("""{"uniqueItems":1}""", "#/uniqueItems must be true or false")]
    [InlineData("""{"anyOf":[]}""", "#/anyOf must be a list of at least one schema")]
    [InlineData("""{"$ref":"https://example.com/s.json"}""", "nothing is fetched")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "leads to nothing")]
    [InlineData("""{"$ref":"#"}""", "refers back to itself")]
    [InlineData("""{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}}""", "refers back to itself")]
    [InlineData("""{"dependentSchemas":{"a":{"$ref":"#"}}}""", "refers back to itself")]
    public void Parse_badSchema_saysWhere(string schema, string fault) =>
        Assert.Contains(fault, Assert.Throws<FormatException>(() => JsonSchema.Parse(JsonElement.Parse(schema))).Message);
}
