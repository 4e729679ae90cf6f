using System.Globalization;
using System.Runtime.CompilerServices;

namespace Rqml.Testing.Simulation;

/// <summary>A line of a story, which costs nothing where nobody listens: most runs are told to nobody.</summary>
[InterpolatedStringHandler]
internal ref struct StoryLine
{
    private DefaultInterpolatedStringHandler _text;

    public StoryLine(int literalLength, int formattedCount, World world, out bool isTold)
    {
        isTold = world.Story is not null;
        if (isTold) _text = new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture);
    }

    public void AppendLiteral(string text) => _text.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    /// <summary>The line; once.</summary>
    public string Read() => _text.ToStringAndClear();
}
