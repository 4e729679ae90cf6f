namespace Rqml;

/// <summary>Names a node for as long as its host is configured that way; restarts keep it. 1 to 64 characters: letters, digits, '-', '_' and '.'.</summary>
public readonly record struct NodeId
{
    private const int MaxLength = 64;
    private readonly string? _value;

    /// <exception cref="ArgumentException">The name is empty, longer than 64 characters or contains another character.</exception>
    public NodeId(string value)
    {
        if (!IsValid(value)) throw new ArgumentException($"'{value}' is no node id: 1 to {MaxLength} letters, digits, '-', '_' or '.'.", nameof(value));
        _value = value;
    }

    /// <summary>The name.</summary>
    public string Value => _value ?? "";

    internal static bool IsValid(string? value) =>
        value is { Length: > 0 and <= MaxLength } && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <inheritdoc/>
    public override string ToString() => Value;
}
