using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rqml.Extensions.AI.Judges;

/// <summary>What a scorer is asked for. The remark comes first: who has said why judges better.</summary>
internal sealed record ScoreAnswer(
    [property: Description("What is good and what is missing, in one sentence.")] string Remark,
    [property: Description("From 0, of no use, to 1, nothing is left to improve.")] double Score);

/// <summary>What a validator is asked for.</summary>
internal sealed record VerdictAnswer(
    [property: Description("What has to be changed and how, so that whoever wrote the answer can do it; empty where nothing has.")] string Remark,
    [property: Description("Whether the answer meets every one of the criteria.")] bool IsAcceptable,
    [property: Description("How sure you are, from 0 to 1.")] double Confidence);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ScoreAnswer))]
[JsonSerializable(typeof(VerdictAnswer))]
internal sealed partial class JudgeJson : JsonSerializerContext;
