using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Rqml.Extensions.AI.Answers;

/// <summary>How values of a type are asked for, read and shown: a string as it is, anything else as JSON. Immutable.</summary>
internal abstract class AnswerShape<T>
{
    /// <summary>What a call asks its client for.</summary>
    public abstract ChatResponseFormat Format { get; }

    /// <summary>What an answer has to be, for a model that has got it wrong; empty where any text will do.</summary>
    public abstract string Wanted { get; }

    /// <summary>The value as text.</summary>
    public abstract string Show(T value);

    /// <summary>Reads an answer.</summary>
    /// <param name="text">What the client said.</param>
    /// <param name="value">The value, where it is one.</param>
    /// <returns>What is wrong with it; null where it is a value.</returns>
    public abstract AnswerFault? Read(string text, out T value);

    /// <summary>The shape of a type.</summary>
    /// <exception cref="NotSupportedException">The options know nothing of the type.</exception>
    public static AnswerShape<T> Of(JsonSerializerOptions? json) =>
        typeof(T) == typeof(string) ? (AnswerShape<T>)(object)new TextShape() : new JsonShape<T>(json ?? JsonShape<T>.Strict);
}

/// <summary>What is wrong with an answer.</summary>
/// <param name="Words">For results and logs: nothing of the answer is in them.</param>
/// <param name="Detail">For the model that gave it.</param>
internal readonly record struct AnswerFault(string Words, string Detail);
