namespace Rqml.Hosting;

/// <summary>
/// Whatever decides: a state machine without I/O, clock, thread or <see cref="Task"/>. Events go in, ordered effects come out; the shell carries them
/// out, and holds those that are marked so until the writes before them are durable.
/// </summary>
internal interface IMachine<TEvent, TEffect> where TEvent : struct where TEffect : struct
{
    /// <summary>When the machine wants a step even without an event; <see cref="long.MaxValue"/>: never.</summary>
    long NextDueMs { get; }

    /// <summary>Handles one event.</summary>
    void Step(in TEvent @event, long nowMs, EffectBuffer<TEffect> effects);

    /// <summary>Handles what has become due.</summary>
    void Tick(long nowMs, EffectBuffer<TEffect> effects);
}

/// <summary>Puts something between a shell and its machine: a simulation breaks a rule there on purpose, to show that its checks notice.</summary>
internal interface IInterposer
{
    IMachine<TEvent, TEffect> Interpose<TEvent, TEffect>(IMachine<TEvent, TEffect> machine) where TEvent : struct where TEffect : struct, IEffect;

    /// <summary>Stands between links and the owners that hear their messages: more may be lost than links lose.</summary>
    Messaging.IMessageReceiver Interpose(Messaging.IMessageReceiver receiver);
}

/// <summary>What every effect says of itself.</summary>
internal interface IEffect
{
    /// <summary>Whether it changes the store.</summary>
    bool IsWrite { get; }

    /// <summary>Whether it waits until all writes of its owner up to here are durable.</summary>
    bool OnceDurable { get; }
}
