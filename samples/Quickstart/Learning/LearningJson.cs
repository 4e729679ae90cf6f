using System.Text.Json.Serialization;

namespace Quickstart.Learning;

/// <summary>How a sample is written and read back, and how a classifier is written into a checkpoint and read back, without reflection. A missing field is refused.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Sample))]
[JsonSerializable(typeof(Classifier))]
public sealed partial class LearningJson : JsonSerializerContext;
