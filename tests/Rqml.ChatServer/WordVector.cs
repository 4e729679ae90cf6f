using System.Runtime.InteropServices;

namespace Rqml.ChatServer;

/// <summary>An embedding that anybody can make: how often words occur, folded to 64 numbers. Texts with the same words have the same one.</summary>
internal static class WordVector
{
    private const int Length = 64;

    public static float[] Of(string text)
    {
        var vector = new float[Length];
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries)) vector[FoldOf(word)]++;
        return vector;
    }

    public static string ToBase64(string text) => Convert.ToBase64String(MemoryMarshal.AsBytes(Of(text).AsSpan()));

    /// <summary>FNV-1a (Fowler, Noll, Vo 1991), as a string's own hash differs from process to process.</summary>
    private static int FoldOf(string word)
    {
        var hash = 2_166_136_261;
        foreach (var letter in word) hash = (hash ^ letter) * 16_777_619;
        return (int)(hash % Length);
    }
}
