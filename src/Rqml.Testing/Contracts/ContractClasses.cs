using System.Buffers;

namespace Rqml.Testing.Contracts;

/// <summary>The task classes that <see cref="WorkerHostContract"/> runs; each has one model, called "model". A host in another process registers them there.</summary>
public static class ContractClasses
{
    /// <summary>Appends its payload to its artifact, beats, and is half sure at a cost of 2.</summary>
    public const string Append = "contract-append";

    /// <summary>Overwrites whatever it was given and whatever it gave before.</summary>
    public const string Meddle = "contract-meddle";

    /// <summary>Says what it knows of its pass, and draws a number.</summary>
    public const string Describe = "contract-describe";

    /// <summary>Fails in the way that its payload names; its validator accepts "good", refuses "bad", and throws at "throw".</summary>
    public const string Stumble = "contract-stumble";

    /// <summary>Beats, and waits until it is cancelled.</summary>
    public const string Wait = "contract-wait";

    /// <summary>Registers them.</summary>
    public static void AddTo(IRqmlBuilder rqml)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        var given = new List<byte[]>();
        rqml
            .AddTaskClass(BytesClass(Append), task => task.AddModel("model", (context, _) =>
            {
                context.Beat();
                return Made([.. context.Artifact ?? [], .. context.Payload], 0.5, 2);
            }))
            .AddTaskClass(BytesClass(Meddle), task => task.AddModel("model", (context, _) =>
            {
                foreach (var bytes in given) bytes.AsSpan().Fill((byte)'!');
                byte[] made = [.. "made"u8];
                context.Payload.AsSpan().Fill((byte)'!');
                context.Artifact.AsSpan().Fill((byte)'!');
                given.AddRange([context.Payload, context.Artifact!, made]);
                return Made(made);
            }))
            .AddTaskClass(BytesClass(Describe), task => task.AddModel("model", (context, _) =>
                Made(System.Text.Encoding.UTF8.GetBytes($"{context.Attempt} {context.Iteration} {context.Pass.Number} {context.Random.Next()}"))))
            .AddTaskClass(new TaskClass<byte[], byte[]>(Stumble, ValueSerializer.RawArray, new StumblingSerializer()), task => task
                .AddModel("model", (context, _) => System.Text.Encoding.UTF8.GetString(context.Payload) switch
                {
                    "null" => Made(null!),
                    "NaN" => Made([], double.NaN),
                    "two" => Made([], 2),
                    "serializer" => Made("serializer"u8.ToArray()),
                    "cost" => throw new ModelFailedException("The model stumbled dearly.", 0.25),
                    var payload => throw new InvalidOperationException($"The model stumbled over {payload}."),
                })
                .ValidateWith<StumblingValidator>())
            .AddTaskClass(BytesClass(Wait), task => task.AddModel("model", async (context, cancellationToken) =>
            {
                context.Beat();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return Array.Empty<byte>();
            }));
    }

    private static TaskClass<byte[], byte[]> BytesClass(string name) => new(name, ValueSerializer.RawArray, ValueSerializer.RawArray);

    private static ValueTask<Refinement<byte[]>> Made(byte[] artifact, double? confidence = null, double? cost = null) => new(new Refinement<byte[]>(artifact, confidence, cost));

    private sealed class StumblingSerializer : IValueSerializer<byte[]>
    {
        public void Serialize(byte[] value, IBufferWriter<byte> target)
        {
            if (value.AsSpan().SequenceEqual("serializer"u8)) throw new InvalidOperationException("The serializer stumbled.");
            target.Write(value);
        }

        public byte[] Deserialize(ReadOnlyMemory<byte> source) => source.ToArray();
    }

    private sealed class StumblingValidator : IArtifactValidator<byte[], byte[]>
    {
        public ValueTask<Validation> ValidateAsync(byte[] payload, byte[] artifact, CancellationToken cancellationToken) => System.Text.Encoding.UTF8.GetString(artifact) switch
        {
            "good" => new(Validation.Accept),
            "bad" => new(Validation.Reject("it is bad") with { Cost = 0.5 }),
            "cost" => throw new ModelFailedException("The validator stumbled dearly.", 0.25),
            _ => throw new InvalidOperationException("The validator stumbled."),
        };
    }
}
