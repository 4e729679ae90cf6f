using System.Globalization;
using System.Text;

namespace Rqml.Models;

/// <summary>The share of words that two texts have in common (Jaccard, "Étude comparative de la distribution florale", 1901).</summary>
internal static class TokenSet
{
    /// <summary>|A ∩ B| / |A ∪ B| in [0, 1]; 1 where neither text has a word.</summary>
    public static double SimilarityOf(string left, string right)
    {
        var (leftWords, rightWords) = (WordsOf(left), WordsOf(right));
        var common = leftWords.Count(rightWords.Contains);
        var all = leftWords.Count + rightWords.Count - common;
        return all == 0 ? 1 : (double)common / all;
    }

    private static HashSet<string> WordsOf(string text)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || (word.Length > 0 && IsMark(rune))) word.Append(Rune.ToLowerInvariant(rune));
            else Close();
        }

        Close();
        return words;

        void Close()
        {
            if (word.Length > 0) words.Add(word.ToString());
            word.Clear();
        }
    }

    /// <summary>An accent or a vowel sign that stands alone belongs to the letter before it: without it, words of many scripts would fall apart.</summary>
    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
