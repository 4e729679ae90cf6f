using Microsoft.Extensions.AI;

namespace Rqml.Extensions.AI.Answers;

/// <summary>Text, as it is.</summary>
internal sealed class TextShape : AnswerShape<string>
{
    public override ChatResponseFormat Format => ChatResponseFormat.Text;

    public override string Wanted => "";

    public override string Show(string value) => value;

    public override AnswerFault? Read(string text, out string value)
    {
        value = text;
        return null;
    }
}
