using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;

namespace Rqml.Testing;

/// <summary>Breaks the nodes of a running host, for tests and demonstrations of what happens then.</summary>
public static class NodeFaults
{
    /// <summary>Kills a node that was added to the host, as a crash would: it says nothing, and what it had not yet written is lost. It does not come back.</summary>
    /// <param name="host">A started host.</param>
    /// <param name="node">The name that the node was added with.</param>
    /// <returns>The unfinished tasks that the node held.</returns>
    /// <exception cref="ArgumentException">The host has no such node.</exception>
    public static async Task<IReadOnlyList<TaskId>> KillNodeAsync(this IHost host, string node)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(node);
        var rqml = host.Services.GetRequiredService<RqmlHost>();
        if (!rqml.Added.TryGetValue(node, out var runtime)) throw new ArgumentException($"The host has no added node '{node}'; it has {string.Join(", ", rqml.Added.Keys)}.", nameof(node));
        var held = await runtime.Node!.GetHeldAsync();
        await runtime.KillAsync();
        return held;
    }
}
