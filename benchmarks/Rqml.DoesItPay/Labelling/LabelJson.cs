namespace Rqml.DoesItPay.Labelling;

/// <summary>How jobs and batches are written and read back, without reflection. A missing field is refused.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LabelJob))]
[JsonSerializable(typeof(LabelBatch))]
public sealed partial class LabelJson : JsonSerializerContext;
