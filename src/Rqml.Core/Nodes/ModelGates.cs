using System.Collections.Concurrent;
using Rqml.Models;

namespace Rqml.Nodes;

/// <summary>The gates of a node's models, made when first asked for. Thread-safe.</summary>
internal sealed class ModelGates
{
    private static readonly ModelGate Open = new(null);
    private readonly ConcurrentDictionary<(ClassKey Class, string Model), ModelGate> _gates = new();

    public ModelGate Of(TaskClassDefinition @class, ModelDescriptor model)
    {
        if (model.Concurrency is not { } concurrency) return Open;
        return _gates.GetOrAdd((@class.Key, model.Name), static (_, asked) => new ModelGate(new ConcurrencyLimit(asked)), concurrency);
    }
}
