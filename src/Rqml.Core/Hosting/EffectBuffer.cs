namespace Rqml.Hosting;

/// <summary>The ordered effects of one step. Reused; not thread-safe.</summary>
internal sealed class EffectBuffer<TEffect> where TEffect : struct
{
    private TEffect[] _effects = new TEffect[64];

    public int Count { get; private set; }

    public ReadOnlySpan<TEffect> Effects => _effects.AsSpan(0, Count);

    public void Add(in TEffect effect)
    {
        if (Count == _effects.Length) Array.Resize(ref _effects, _effects.Length * 2);
        _effects[Count++] = effect;
    }

    /// <summary>Forgets the effects and what they refer to.</summary>
    public void Clear()
    {
        Array.Clear(_effects, 0, Count);
        Count = 0;
    }
}
