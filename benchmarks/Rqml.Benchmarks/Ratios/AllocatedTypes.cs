using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Rqml.Benchmarks.Ratios;

/// <summary>What kinds of objects a run allocates, by the runtime's samples: one every 100 KB.</summary>
internal sealed class AllocatedTypes : EventListener
{
    private const EventKeywords GarbageCollection = (EventKeywords)1;
    private readonly ConcurrentDictionary<string, long> _bytes = new();

    /// <summary>Types with their share of all bytes, the largest first.</summary>
    public IReadOnlyList<(string Type, double Share)> Shares()
    {
        var all = (double)_bytes.Values.Sum();
        return [.. _bytes.OrderByDescending(entry => entry.Value).Select(entry => (entry.Key, entry.Value / all))];
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(eventSource, EventLevel.Verbose, GarbageCollection);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName is null || !eventData.EventName.StartsWith("GCAllocationTick", StringComparison.Ordinal)) return;
        var type = (string)eventData.Payload![eventData.PayloadNames!.IndexOf("TypeName")]!;
        _bytes.AddOrUpdate(type, 1, static (_, count) => count + 1);
    }
}
