using System.Text.Json.Serialization;

namespace GraphColouring.Queens;

/// <summary>How a job, and a colouring in a checkpoint, are written and read back, without reflection. A missing field is refused.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ColouringJob))]
[JsonSerializable(typeof(Colouring))]
public sealed partial class ColouringJson : JsonSerializerContext;
