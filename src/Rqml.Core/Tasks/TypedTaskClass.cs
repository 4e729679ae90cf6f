using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;

namespace Rqml;

/// <summary>A kind of task whose payload is a <typeparamref name="TPayload"/> and whose artifact is a <typeparamref name="TArtifact"/>. Immutable and thread-safe.</summary>
/// <typeparam name="TPayload">What the task is about; never changes.</typeparam>
/// <typeparam name="TArtifact">The current answer, refined from iteration to iteration.</typeparam>
public sealed class TaskClass<TPayload, TArtifact> : TaskClass
{
    /// <summary>A class whose values are written as JSON by reflection, or as they are where they are bytes.</summary>
    /// <param name="name">1 to 128 characters.</param>
    /// <param name="version">From 1.</param>
    [RequiresUnreferencedCode("JSON by reflection; pass JsonTypeInfo or serializers instead where code is trimmed.")]
    [RequiresDynamicCode("JSON by reflection; pass JsonTypeInfo or serializers instead where code is compiled ahead of time.")]
    public TaskClass(string name, int version = 1)
        : this(name, ValueSerializer.ByReflection<TPayload>(), ValueSerializer.ByReflection<TArtifact>(), version) { }

    /// <summary>A class whose values are written as JSON by source-generated metadata.</summary>
    public TaskClass(string name, JsonTypeInfo<TPayload> payload, JsonTypeInfo<TArtifact> artifact, int version = 1)
        : this(name, ValueSerializer.Json(payload), ValueSerializer.Json(artifact), version) { }

    /// <summary>A class whose values are written by serializers of your own.</summary>
    public TaskClass(string name, IValueSerializer<TPayload> payload, IValueSerializer<TArtifact> artifact, int version = 1)
        : base(name, version)
    {
        ArgumentNullException.ThrowIfNull(payload);
        ArgumentNullException.ThrowIfNull(artifact);
        PayloadSerializer = payload;
        ArtifactSerializer = artifact;
    }

    internal IValueSerializer<TPayload> PayloadSerializer { get; }

    internal IValueSerializer<TArtifact> ArtifactSerializer { get; }
}
