using System.Collections.Concurrent;
using Rqml.Storage;

namespace Rqml.Hosting;

/// <summary>What the engine loop runs: something with an inbox.</summary>
internal abstract class Owner
{
    public abstract long NextDueMs { get; }

    /// <summary>Events that wait. Any thread.</summary>
    public virtual int Backlog => 0;

    /// <summary>Handles everything in the inbox; false where there was nothing to do. Only the loop calls it.</summary>
    public abstract bool Drain(long nowMs);

    /// <summary>Refuses what came too late, and tells whoever waits that nothing more will come. Only the loop calls it: once it has stopped, and for each later wake-up.</summary>
    public virtual void Close() { }
}

/// <summary>The shell around one machine: feeds it from its inbox, and carries out its effects in order, holding back what must wait for the disk.</summary>
internal abstract class Owner<TEvent, TEffect> : Owner, ICommitOwner
    where TEvent : struct
    where TEffect : struct, IEffect
{
    private const int MaxBatch = 256;

    private readonly EngineLoop _loop;
    private readonly GroupCommit? _store;
    private readonly IMachine<TEvent, TEffect> _machine;
    private readonly ConcurrentQueue<TEvent> _inbox = new();
    private readonly EventRing<TEvent> _near = new();      // from owners of the same loop
    private readonly ConcurrentQueue<object> _durable = new();
    private readonly ConcurrentQueue<object> _lost = new();
    private readonly EffectBuffer<TEffect> _effects = new();

    /// <param name="loop">The loop that runs this owner.</param>
    /// <param name="machine">The machine that decides.</param>
    /// <param name="store">Null where nothing is durable: then nothing waits either.</param>
    protected Owner(EngineLoop loop, IMachine<TEvent, TEffect> machine, GroupCommit? store)
    {
        _loop = loop;
        _machine = loop.Interposer?.Interpose(machine) ?? machine;
        _store = store;
        loop.Add(this);
    }

    public override long NextDueMs => _machine.NextDueMs;

    public override int Backlog => _inbox.Count;

    /// <summary>Hands an event to the machine; after the loop has stopped it is refused there. Any thread.</summary>
    public void Post(in TEvent @event)
    {
        // Most of what a task needs is said between owners of one loop: they take turns on one thread, and need no queue of threads and no wake-up.
        if (_loop.IsRunningHere)
        {
            _near.Add(@event);
            return;
        }

        _inbox.Enqueue(@event);
        _loop.Wake();
    }

    public override bool Drain(long nowMs)
    {
        var worked = false;
        while (_durable.TryDequeue(out var held))
        {
            worked = true;
            foreach (ref readonly var effect in ((TEffect[])held).AsSpan()) CarryOut(effect);
        }

        if (_machine.NextDueMs <= nowMs)
        {
            worked = true;
            _machine.Tick(nowMs, _effects);
        }

        for (var count = _near.Count; count > 0; count--)
        {
            worked = true;
            _machine.Step(_near.First, nowMs, _effects);
            _near.RemoveFirst();
        }

        for (var count = 0; count < MaxBatch && _inbox.TryDequeue(out var @event); count++)
        {
            worked = true;
            _machine.Step(@event, nowMs, _effects);
        }

        if (_effects.Count > 0) CarryOutAll();
        return worked;
    }

    /// <summary>The store has applied the writes that <paramref name="held"/> waited for.</summary>
    void ICommitOwner.Durable(object held)
    {
        _durable.Enqueue(held);
        _loop.Wake();
    }

    /// <summary>The store has failed: what <paramref name="held"/> waited for may or may not be there.</summary>
    void ICommitOwner.Lost(object held)
    {
        _lost.Enqueue(held);
        _loop.Wake();
    }

    public override void Close()
    {
        while (_durable.TryDequeue(out var held))
        {
            foreach (ref readonly var effect in ((TEffect[])held).AsSpan()) CarryOutLate(effect);
        }

        while (_lost.TryDequeue(out var held))
        {
            foreach (ref readonly var effect in ((TEffect[])held).AsSpan()) Lose(effect);
        }

        for (; _near.Count > 0; _near.RemoveFirst()) Refuse(_near.First);
        while (_inbox.TryDequeue(out var @event)) Refuse(@event);
    }

    void ICommitOwner.Encode(object writes, WriteBatch batch)
    {
        foreach (ref readonly var effect in ((TEffect[])writes).AsSpan()) Encode(effect, batch);
    }

    /// <summary>Does what the effect says. Only the loop calls it.</summary>
    protected abstract void CarryOut(in TEffect effect);

    /// <summary>Adds the effect's change to the batch. Called by the store's writer, so it reads only what is immutable.</summary>
    protected abstract void Encode(in TEffect effect, WriteBatch batch);

    /// <summary>Sees every effect once, as it was decided: for what is counted.</summary>
    protected virtual void Decided(ReadOnlySpan<TEffect> effects) { }

    /// <summary>Does what became durable when the loop had stopped; by default nothing, as nothing begins any more.</summary>
    protected virtual void CarryOutLate(in TEffect effect) { }

    /// <summary>Answers for an effect that will not come, as its writes failed.</summary>
    protected virtual void Lose(in TEffect effect) { }

    /// <summary>Answers an event that came when the loop had stopped.</summary>
    protected virtual void Refuse(in TEvent @event) { }

    private void CarryOutAll()
    {
        Decided(_effects.Effects);
        if (_store is null)
        {
            foreach (ref readonly var effect in _effects.Effects)
            {
                if (!effect.IsWrite) CarryOut(effect);
            }

            _effects.Clear();
            return;
        }

        var writes = 0;
        var held = 0;
        foreach (ref readonly var effect in _effects.Effects)
        {
            if (effect.IsWrite) writes++;
            else if (effect.OnceDurable) held++;
        }

        var writeList = writes > 0 ? new TEffect[writes] : [];
        var heldList = held > 0 ? new TEffect[held] : [];
        writes = held = 0;
        foreach (ref readonly var effect in _effects.Effects)
        {
            if (effect.IsWrite) writeList[writes++] = effect;
            else if (effect.OnceDurable) heldList[held++] = effect;
            else CarryOut(effect);
        }

        _effects.Clear();
        if (writes > 0 || held > 0) _store.Enqueue(this, writeList, heldList);
    }
}

/// <summary>Whose writes the group commit carries.</summary>
internal interface ICommitOwner
{
    void Encode(object writes, WriteBatch batch);

    void Durable(object held);

    void Lost(object held);
}
