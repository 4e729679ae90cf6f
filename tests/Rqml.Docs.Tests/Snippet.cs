namespace Rqml.Docs.Tests;

/// <summary>Lines of C#, on a page or in a region of code, without the indentation that they have in common.</summary>
internal sealed record Snippet(string Where, IReadOnlyList<string> Lines)
{
    private const string Fence = "```";
    private const string Begin = "#region snippet";
    private const string End = "#endregion";

    /// <summary>The blocks of C# on a page.</summary>
    public static IEnumerable<Snippet> OnPage(string page) => Between(page, line => line == $"{Fence}csharp", line => line == Fence);

    /// <summary>The regions of a file that are marked as snippets.</summary>
    public static IEnumerable<Snippet> InCode(string file) => Between(file, line => line.Trim() == Begin, line => line.Trim() == End);

    /// <summary>
    /// The regions that this block is made of, in order, with an empty line between two: a page may show a field and a statement below it, which no code
    /// can hold in one piece. Empty where it is made of anything else.
    /// </summary>
    public IReadOnlyList<Snippet> MadeOf(IReadOnlyList<Snippet> regions)
    {
        foreach (var region in regions)
        {
            if (region.Lines.Count > Lines.Count || !Lines.Take(region.Lines.Count).SequenceEqual(region.Lines)) continue;
            if (region.Lines.Count == Lines.Count) return [region];
            if (Lines[region.Lines.Count].Length > 0) continue;
            var rest = new Snippet(Where, [.. Lines.Skip(region.Lines.Count + 1)]).MadeOf(regions);
            if (rest.Count > 0) return [region, .. rest];
        }

        return [];
    }

    private static IEnumerable<Snippet> Between(string file, Func<string, bool> begins, Func<string, bool> ends)
    {
        List<string>? lines = null;
        var (number, at) = (0, 0);
        foreach (var line in Repository.Read(file).Split('\n'))
        {
            number++;
            if (lines is null)
            {
                if (begins(line)) (lines, at) = ([], number);
            }
            else if (ends(line))
            {
                yield return new Snippet($"{file}, line {at}", Outdent(lines));
                lines = null;
            }
            else
            {
                lines.Add(line.TrimEnd());
            }
        }

        if (lines is not null) throw new InvalidDataException($"{file}: what begins in line {at} does not end.");
    }

    private static string[] Outdent(List<string> lines)
    {
        var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return [.. lines.Select(line => line.Length > 0 ? line[indent..] : line)];
    }
}
