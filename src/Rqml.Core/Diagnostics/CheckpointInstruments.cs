using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Says how far recovery would fall back: a busy writer shows here, never as a worker that waits.</summary>
internal sealed class CheckpointInstruments(Meter meter)
{
    private readonly Counter<long> _written = meter.CreateCounter<long>("rqml.checkpoints.written", "{checkpoint}", "Checkpoints that were written.");
    private readonly Counter<long> _replaced = meter.CreateCounter<long>("rqml.checkpoints.replaced", "{checkpoint}", "Checkpoints that a newer one of the same task replaced unwritten.");
    private readonly Counter<long> _damaged = meter.CreateCounter<long>("rqml.checkpoints.damaged", "{checkpoint}", "Checkpoints that were found torn or tampered with; the one before was used.");

    private readonly Counter<long> _copied = meter.CreateCounter<long>("rqml.checkpoints.copied", "{checkpoint}", "Checkpoints that were copied into the coordination store.");

    public void Copied(int count) => _copied.Add(count);

    public void Written() => _written.Add(1);

    public void Replaced() => _replaced.Add(1);

    public void Damaged() => _damaged.Add(1);
}
